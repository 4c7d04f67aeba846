import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import { largest, months, type Part } from './summary';
import classes from './SummaryBars.module.css';

interface Props {
  status: readonly Part[];
  source: readonly Part[];
  month: readonly Part[];
}

/** The result in three small pictures, each with its words. */
export function SummaryBars({ status, source, month }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.bars} data-testid="summary">
      <Shares name={t('studies.fields.exam_status')} parts={status} />
      <Shares name={t('studies.fields.exam_source')} parts={source} />
      <Months parts={month} />
    </div>
  );
}

function Shares({ name, parts }: { name: string; parts: readonly Part[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { shown, rest } = largest(parts);
  const total = shown.reduce((sum, part) => sum + part.count, rest);
  if (total === 0) return null;
  const words = [
    ...shown.map(
      (part) => `${part.value === '' ? t('studies.filter.empty') : part.value} ${format.count(part.count)}`,
    ),
    ...(rest > 0 ? [`${t('studies.summary.rest')} ${format.count(rest)}`] : []),
  ];
  return (
    <span className={classes.one}>
      <span className={classes.name} aria-hidden>
        {name}
      </span>
      <span
        role="img"
        className={classes.bar}
        aria-label={t('studies.summary.bar', { name, parts: words.join(', ') })}
        title={words.join('\n')}
      >
        {shown.map((part, at) => (
          <span key={part.value} data-part={at + 1} style={{ flexGrow: part.count }} />
        ))}
        {rest > 0 && <span data-part="rest" style={{ flexGrow: rest }} />}
      </span>
    </span>
  );
}

const WIDTH = 4;
const HEIGHT = 20;

function Months({ parts }: { parts: readonly Part[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const all = months(parts);
  const first = all[0];
  const last = all.at(-1);
  if (!first || !last) return null;
  const most = Math.max(...all.map((part) => part.count));
  const peak = all.find((part) => part.count === most) ?? last;
  const words = t('studies.summary.months', {
    from: first.value,
    to: last.value,
    peak: peak.value,
    n: format.count(peak.count),
  });
  return (
    <span className={classes.one}>
      <span className={classes.name} aria-hidden>
        {t('studies.summary.month')}
      </span>
      <svg
        role="img"
        aria-label={words}
        className={classes.months}
        width={all.length * WIDTH}
        height={HEIGHT}
        viewBox={`0 0 ${all.length * WIDTH} ${HEIGHT}`}
      >
        <title>{words}</title>
        {all.map((part, at) => {
          const height = part.count === 0 ? 0 : Math.max(1, (part.count / most) * HEIGHT);
          return (
            <rect key={part.value} x={at * WIDTH} y={HEIGHT - height} width={WIDTH - 1} height={height}>
              <title>{`${part.value}: ${format.count(part.count)}`}</title>
            </rect>
          );
        })}
      </svg>
    </span>
  );
}
