import { Modal } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { askToConnect, closeConnecting, lackingAtStart, useConnecting } from '../../api/connecting';
import { SOURCE_TASK, useTaskProgress } from '../../api/tasks';
import { useTask } from '../../api/useTask';
import type { Startup } from '../../bindings/Startup';
import { AsWhom } from './AsWhom';
import { ServerFields, type Typed } from './ServerFields';

/** Asks how a database server is reached, tests that, and opens it; then as whom, where its registry has users alone. */
export function ConnectDialog({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  const connecting = useConnecting();
  // While it is read, that is shown in place of this one.
  const reading = useTaskProgress(SOURCE_TASK) !== undefined;

  const { problem } = startup;
  useEffect(() => {
    const lacking = lackingAtStart(startup);
    if (lacking) askToConnect(lacking);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each problem
  }, [problem]);

  // What was typed outlives the form, which gives way while the server is read.
  const [typed, setTyped] = useState<(Typed & { turn: number }) | null>(null);
  const turn = connecting?.turn ?? 0;

  // Whatever is asked of the server ends with the dialog, also when the form has given way.
  const test = useTask();
  const connect = useTask();
  const close = () => {
    test.cancel();
    connect.cancel();
    closeConnecting();
  };

  const step = connecting?.lacking.step ?? 'server';
  return (
    <Modal
      opened={connecting !== null && connecting.opened && !reading}
      onClose={close}
      title={step === 'server' ? t('connect.title') : t('connect.whom.title')}
      size={step === 'server' ? 560 : 440}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {connecting?.lacking.step === 'server' && (
        <ServerFields
          key={turn}
          asked={connecting.lacking}
          typed={typed?.turn === turn ? typed : null}
          onTyped={(now) => setTyped({ ...now, turn })}
          test={test}
          connect={connect}
          close={close}
        />
      )}
      {connecting?.lacking.step === 'user' && <AsWhom key={turn} of={connecting.lacking} />}
    </Modal>
  );
}
