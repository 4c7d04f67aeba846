import { Button, Modal } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

import { useExports } from '../api/exports';
import type { ErrorReport } from '../bindings/ErrorReport';
import type { QuitHow } from '../bindings/QuitHow';
import { ErrorNotice, reportOf } from '../components/ErrorNotice';
import { isActive } from '../features/exports/model';
import { useHost } from '../host/context';
import { useFormat } from './FormatContext';
import classes from './QuitDialog.module.css';

let asked: { active: number } | null = null;
const listeners = new Set<() => void>();

/** The user wants to close the window while exports run. */
export function askToQuit(active: number | null): void {
  asked = active === null ? null : { active };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Keep running in the background, stop and quit, or stay. */
export function QuitDialog() {
  const { t } = useTranslation();
  const host = useHost();
  const format = useFormat();
  const question = useSyncExternalStore(subscribe, () => asked);
  const [answering, setAnswering] = useState<QuitHow | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const rows = useExports().data?.exports;

  // Said each time: a page that does not say so is taken for one that hangs, and the window goes.
  useEffect(() => {
    if (question) host.call('quit', { how: 'asked' }).catch(() => undefined);
  }, [host, question]);

  const answer = async (how: QuitHow) => {
    if (answering) return;
    setAnswering(how);
    setProblem(null);
    try {
      await host.call('quit', { how });
      // After `stop` the process ends: the dialog stays until the window goes.
      if (how === 'stop') return;
      askToQuit(null);
    } catch (error) {
      if (how === 'stay') askToQuit(null);
      else setProblem(reportOf(error));
    }
    setAnswering(null);
  };
  const count = rows ? rows.filter(isActive).length : (question?.active ?? 0);
  const stopping = answering === 'stop';

  return (
    <Modal
      opened={question !== null}
      onClose={() => {
        if (!stopping) void answer('stay');
      }}
      title={
        count === 0 ? t('exports.quit.titleNone') : t('exports.quit.title', { count, n: format.count(count) })
      }
      closeButtonProps={{ 'aria-label': t('common.close') }}
      attributes={{ header: { role: 'presentation' } }}
      size={520}
    >
      <p className={classes.body}>{count === 0 ? t('exports.quit.bodyNone') : t('exports.quit.body')}</p>
      {problem && <ErrorNotice report={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" disabled={stopping} onClick={() => void answer('stay')}>
          {t('exports.quit.stay')}
        </Button>
        <Button
          variant="default"
          loading={stopping}
          loaderProps={{ size: 'xs' }}
          onClick={() => void answer('stop')}
        >
          {stopping ? t('exports.quit.stopping') : t(count === 0 ? 'exports.quit.quit' : 'exports.quit.stop')}
        </Button>
        {count > 0 && (
          <Button data-autofocus disabled={stopping} onClick={() => void answer('keep_running')}>
            {t('exports.quit.keep')}
          </Button>
        )}
      </div>
    </Modal>
  );
}
