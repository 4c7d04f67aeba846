import { IconX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { HASHES_TASK, useImageFolder } from '../../api/imageFolder';
import { keys } from '../../api/keys';
import { useTaskProgress } from '../../api/tasks';
import { useFormat } from '../../app/FormatContext';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import classes from './HashesLine.module.css';

interface Props {
  registry: OpenRegistry | null;
  /** An export runs: it comes first. */
  waits: boolean;
}

/** How far the checksums of the open folder are, while they are computed; and a way to stop that. */
export function HashesLine({ registry, waits }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const client = useQueryClient();
  const folder = useImageFolder(registry);
  const progress = useTaskProgress(HASHES_TASK);
  if (!folder?.hashes || progress === undefined) return null;
  const stop = () =>
    host
      .call('want_hashes', { wanted: false })
      .then((state) => client.setQueryData(keys.imageFolder, state), toastError);
  return (
    <div className={classes.line}>
      {waits ? (
        <span>{t('imageFolder.bar.waiting')}</span>
      ) : (
        <>
          <span>
            {t('imageFolder.bar.running', {
              n: format.count(progress.files_done),
              of: format.count(progress.files_total),
            })}
          </span>
          <span>
            {t('imageFolder.bar.runningBytes', {
              n: format.bytes(progress.bytes_done),
              of: format.bytes(progress.bytes_total),
            })}
          </span>
        </>
      )}
      <button
        type="button"
        className={classes.stop}
        aria-label={t('imageFolder.bar.stop')}
        title={t('imageFolder.bar.stop')}
        onClick={() => void stop()}
      >
        <IconX size={14} stroke={1.75} aria-hidden />
      </button>
    </div>
  );
}
