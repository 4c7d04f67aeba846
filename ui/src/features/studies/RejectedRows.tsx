import { Button, Group, Modal } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { RecordNumbersReport } from '../../bindings/RecordNumbersReport';
import { toast, toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { VirtualRows } from '../exports/VirtualRows';
import classes from './Studies.module.css';

/** Which rows of a table were rejected and why, to look at, to save and to copy. */
export function RejectedRows({
  report,
  onClose,
}: {
  report: RecordNumbersReport | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={report !== null}
      onClose={onClose}
      size={640}
      title={t('studies.patients.table')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {report && <Report report={report} />}
    </Modal>
  );
}

function Report({ report }: { report: RecordNumbersReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const { imported, rejected, rejected_total: total } = report;
  const save = () =>
    void host
      .call('save_rejected', {})
      .then((saved) => {
        if (saved) toast({ message: t('studies.patients.rejectedSaved'), detail: saved.path, tone: 'good' });
      })
      .catch(toastError);
  const copy = () =>
    void host
      .call('copy_rejected', {})
      .then(() => toast({ message: t('studies.patients.rejectedCopied') }))
      .catch(toastError);
  return (
    <>
      <p className={classes.why}>
        {t('studies.patients.imported', { count: imported, n: format.count(imported) })}
        {'. '}
        {t('studies.patients.rejected', { count: total, n: format.count(total) })}
        {'. '}
        {total > rejected.length && t('studies.patients.rejectedFirst', { n: format.count(rejected.length) })}
      </p>
      <VirtualRows
        items={rejected}
        rowHeight={28}
        maxHeight={280}
        label={t('studies.patients.rejected', { count: total, n: format.count(total) })}
      >
        {(row) => (
          <span>
            {t('studies.patients.line', { n: format.count(row.line) })}
            {': '}
            {t(`studies.patients.fields.${row.field}`)}
            {': '}
            {t(`studies.patients.reasons.${row.reason}`)}
          </span>
        )}
      </VirtualRows>
      <Group justify="flex-end" gap={8} mt={12}>
        <Button
          variant="default"
          leftSection={<IconCopy size={14} stroke={1.75} aria-hidden />}
          onClick={copy}
        >
          {t('studies.patients.rejectedCopy')}
        </Button>
        <Button variant="default" onClick={save}>
          {t('studies.patients.rejectedSave')}
        </Button>
      </Group>
    </>
  );
}
