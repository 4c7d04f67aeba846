import { Button, Loader } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { JobProgress } from '../../bindings/JobProgress';
import classes from './NewExport.module.css';

interface Props {
  label: string;
  progress: JobProgress | undefined;
  cancelling: boolean;
  onCancel: () => void;
}

/** Long work in its place: how far, and a way to stop it. */
export function TaskLine({ label, progress, cancelling, onCancel }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const total = progress?.files_total ?? 0;
  const share = progress && total > 0 ? progress.files_done / total : null;
  return (
    <div className={classes.task}>
      <div className={classes.taskText}>
        {share === null && <Loader size={12} aria-hidden />}
        <span>{label}</span>
        {progress && total > 0 && (
          <span className={classes.dimmed}>
            {t('newExport.check.progress', {
              done: format.count(progress.files_done),
              total: format.count(total),
            })}
          </span>
        )}
        <span className={classes.space} />
        <Button variant="default" size="compact-sm" disabled={cancelling} onClick={onCancel}>
          {t('newExport.check.cancel')}
        </Button>
      </div>
      <div
        className={classes.track}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      >
        <div className={classes.fill} style={{ transform: `scaleX(${share ?? 0})` }} />
      </div>
    </div>
  );
}
