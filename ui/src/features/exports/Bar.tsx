import classes from './Bar.module.css';

interface Props {
  /** 0 to 1; nothing while that is not known. */
  share: number | null;
  label: string;
  tone?: 'busy' | 'calm' | 'warn';
}

/** How far something is. Only a transform moves. */
export function Bar({ share, label, tone = 'busy' }: Props) {
  return (
    <div
      className={classes.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.floor(share * 100)}
    >
      <div className={classes.fill} data-tone={tone} style={{ transform: `scaleX(${share ?? 0})` }} />
    </div>
  );
}
