import { IconAlertTriangle, IconCircleCheck, IconX } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';

import { useTaskProgress } from '../../api/tasks';
import { useFormat } from '../../app/FormatContext';
import type { ExportRow } from '../../bindings/ExportRow';
import { errorWords } from '../../errors/words';
import type { Format } from '../../format/format';
import { Bar } from './Bar';
import { shareOf } from './model';
import type { Outcome, RowTask } from './useExportActs';
import classes from './WorkLine.module.css';

interface TaskProps {
  row: ExportRow;
  task: RowTask;
  /** Keys reach the button. */
  reachable: boolean;
  onStop: () => void;
}

/** Long work on an export: how far, and a way to stop it. */
export function TaskLine({ row, task, reachable, onStop }: TaskProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const progress = useTaskProgress(task.task);
  const share = shareOf(progress);
  const waits = !progress && (task.kind === 'saveCopy' || task.kind === 'locate');
  const word = task.cancelling
    ? t('exports.task.cancelling')
    : waits
      ? t('exports.task.dialog')
      : t(`exports.task.${task.kind}`);
  return (
    <div className={classes.line} data-testid="row-task">
      <span className={classes.word}>
        {word}
        {share !== null && !task.cancelling && ` ${format.percent(Math.floor(share * 100) / 100)}`}
      </span>
      <Bar share={share} label={`${t(`exports.task.${task.kind}`)}: ${row.name}`} />
      <button
        type="button"
        className={classes.small}
        tabIndex={reachable ? 0 : -1}
        disabled={task.cancelling}
        onClick={onStop}
      >
        {t('exports.task.cancel')}
      </button>
    </div>
  );
}

/** What long work came to, in a sentence. */
export function outcomeText(
  outcome: Outcome,
  row: ExportRow,
  t: TFunction,
  format: Format,
): { text: string; good: boolean } {
  switch (outcome.kind) {
    case 'verified': {
      const { ok, files, problems } = outcome.result;
      return {
        good: ok,
        text: ok
          ? t(row.studies === null ? 'exports.outcome.verified' : 'exports.outcome.verifiedTable', {
              count: files,
              n: format.count(files),
            })
          : t('exports.outcome.broken', { count: problems.length, n: format.count(problems.length) }),
      };
    }
    case 'saved':
      return { good: true, text: t('exports.outcome.saved', { path: outcome.path }) };
    case 'located':
      return { good: true, text: t('exports.outcome.located') };
    case 'error': {
      const { message, hint } = errorWords(outcome.report, t, format);
      return { good: false, text: [message, hint].filter(Boolean).join(' ') };
    }
  }
}

interface OutcomeProps {
  row: ExportRow;
  outcome: Outcome;
  reachable: boolean;
  onDetails?: (() => void) | undefined;
  onDismiss: () => void;
}

export function OutcomeLine({ row, outcome, reachable, onDetails, onDismiss }: OutcomeProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { text, good } = outcomeText(outcome, row, t, format);
  const Icon = good ? IconCircleCheck : IconAlertTriangle;
  return (
    <div className={classes.line} role="status" data-good={good}>
      <Icon size={14} stroke={2} aria-hidden className={classes.icon} />
      <span className={`name ${classes.outcome ?? ''}`} title={text}>
        {text}
      </span>
      {onDetails && (
        <button type="button" className={classes.small} tabIndex={reachable ? 0 : -1} onClick={onDetails}>
          {t('exports.acts.details')}
        </button>
      )}
      <button
        type="button"
        className={classes.dismiss}
        tabIndex={reachable ? 0 : -1}
        aria-label={t('exports.outcome.dismiss')}
        title={t('exports.outcome.dismiss')}
        onClick={onDismiss}
      >
        <IconX size={14} stroke={1.75} aria-hidden />
      </button>
    </div>
  );
}
