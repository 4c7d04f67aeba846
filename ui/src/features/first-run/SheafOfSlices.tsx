import classes from './SheafOfSlices.module.css';

/** Each slice: how wide the head is there, and how far in. */
const SLICES = [34, 37, 38, 38, 36, 33] as const;
const STEP = 15;
/** A plane seen from above and aside: x runs to the lower right, y to the lower left. */
const plane = (level: number) => `matrix(0.866 0.46 -0.866 0.46 110 ${22 + level * STEP})`;

/** A sheaf of slices with a band around it. Says nothing that the words beside it do not say. */
export function SheafOfSlices({ small }: { small: boolean }) {
  const bottom = (SLICES.length - 1) * STEP;
  return (
    <svg
      className={classes.sheaf}
      viewBox="0 0 220 200"
      width={small ? 132 : 220}
      height={small ? 120 : 200}
      aria-hidden
      focusable="false"
    >
      <ellipse className={classes.ground} cx="110" cy={72 + bottom} rx="92" ry="34" />
      {SLICES.map((radius, level) => ({ radius, level }))
        .reverse()
        .map(({ radius, level }) => (
          <g key={level} transform={plane(level)} className={level === 0 ? classes.top : classes.slice}>
            <rect className={classes.film} width="104" height="104" rx="7" />
            <ellipse className={classes.skull} cx="52" cy="52" rx={radius} ry={radius * 1.16} />
            <ellipse className={classes.brain} cx="52" cy="52" rx={radius * 0.84} ry={radius} />
            <path className={classes.fold} d={`M52 ${52 - radius * 0.9} V${52 + radius * 0.9}`} />
          </g>
        ))}
      {/* The band: over the topmost slice, then down in front. */}
      <g transform={plane(0)}>
        <rect className={classes.band} x="78" y="0" width="9" height="104" />
      </g>
      <path className={classes.bandShade} d={`M87.5 105.7 l7.8 4.15 v${bottom} l-7.8 -4.15 z`} />
    </svg>
  );
}
