import { Button, Modal, Progress } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { useDemo, useRegistry } from '../api/registry';
import { toastError } from '../components/toast';
import { useFormat } from './FormatContext';
import classes from './DemoDialog.module.css';

/** The demo in the making, where another registry is open and the first page is not there to show it. */
export function DemoDialog({ shown }: { shown: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const registry = useRegistry();
  const demo = useDemo();
  const cancel = () => void registry.cancelDemo().catch(toastError);
  const share = demo?.share ?? null;
  return (
    <Modal
      opened={shown && demo !== null}
      onClose={cancel}
      title={demo?.cancelling === true ? t('firstRun.cancelling') : t('firstRun.making')}
      closeOnClickOutside={false}
      withCloseButton={false}
    >
      <div className={classes.body}>
        <Progress.Root size={6}>
          <Progress.Section
            value={share === null ? 100 : share * 100}
            striped={share === null}
            animated={share === null}
            aria-label={t('firstRun.making')}
          />
        </Progress.Root>
        <p className={classes.about}>
          {share === null ? '' : `${format.percent(share)} · `}
          {t('firstRun.makingAbout')}
        </p>
        <Button variant="default" data-autofocus aria-disabled={demo?.cancelling} onClick={cancel}>
          {t('common.cancel')}
        </Button>
      </div>
    </Modal>
  );
}
