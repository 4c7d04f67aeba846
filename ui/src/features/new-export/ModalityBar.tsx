import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { EstimateRow } from '../../bindings/EstimateRow';
import { sharesOf, type Share } from './shares';
import classes from './ModalityBar.module.css';

interface Props {
  rows: EstimateRow[];
  order: number[];
  labels: ReadonlyMap<string, string>;
}

/** Bytes by modality as one bar, with a legend that says the same in words. */
export function ModalityBar({ rows, order, labels }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const shares = sharesOf(rows, order);
  const total = shares.reduce((sum, share) => sum + share.bytes, 0);
  const nameOf = (share: Share) => share.slug ?? t('newExport.estimate.rest');
  const colorOf = (share: Share) => (share.color < 0 ? 'var(--calm)' : `var(--chart-${share.color + 1})`);
  return (
    <div className={classes.all}>
      <div
        className={classes.bar}
        role="img"
        aria-label={t('newExport.estimate.bar', {
          parts: shares.map((share) => `${nameOf(share)} ${format.bytes(share.bytes)}`).join(', '),
        })}
      >
        {shares.map((share) => (
          <span
            key={share.slug ?? ''}
            title={`${nameOf(share)} ${format.bytes(share.bytes)}`}
            style={{ flexGrow: total === 0 ? 1 : share.bytes / total, background: colorOf(share) }}
          />
        ))}
      </div>
      <ul className={classes.legend}>
        {shares.map((share) => (
          <li key={share.slug ?? ''} title={`${nameOf(share)}\n${format.exactBytes(share.bytes)}`}>
            <span className={classes.dot} style={{ background: colorOf(share) }} />
            <span className="name">{(share.slug !== null && labels.get(share.slug)) || nameOf(share)}</span>
            <span className={classes.bytes}>{format.bytes(share.bytes)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
