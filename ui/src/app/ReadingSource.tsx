import { Button, Group, Modal, Progress } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { SOURCE_TASK, useTaskProgress } from '../api/tasks';
import { toastError } from '../components/toast';
import { useHost } from '../host/context';
import { useFormat } from './FormatContext';
import classes from './Frame.module.css';

/** While a source of another kind is read into a registry: how far that is, and a way to stop it. */
export function ReadingSource() {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const progress = useTaskProgress(SOURCE_TASK);
  const [stopping, setStopping] = useState(false);
  const reading = progress !== undefined;
  if (!reading && stopping) setStopping(false);
  const stop = () => {
    setStopping(true);
    host.call('cancel_task', { task: SOURCE_TASK }).catch(toastError);
  };
  const { files_done: rows = 0, bytes_done: bytes = 0, bytes_total: all = 0 } = progress ?? {};
  return (
    <Modal
      opened={reading}
      onClose={stop}
      withCloseButton={false}
      closeOnClickOutside={false}
      title={t('common.source.reading')}
      size={380}
    >
      <Progress
        value={all > 0 ? Math.min(100, (bytes / all) * 100) : 100}
        animated={all === 0}
        size="sm"
        aria-label={t('common.source.reading')}
      />
      <p className={classes.about} role="status">
        {rows > 0
          ? t('common.source.rows', { count: rows, n: format.count(rows) })
          : all > 0
            ? t('common.source.bytes', { n: format.bytes(bytes), of: format.bytes(all) })
            : t('common.source.about')}
      </p>
      <Group justify="flex-end">
        <Button variant="default" loading={stopping} onClick={stop} data-autofocus>
          {t('common.cancel')}
        </Button>
      </Group>
    </Modal>
  );
}
