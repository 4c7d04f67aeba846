import { Button, Group, Modal } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { RejectedRow } from '../../bindings/RejectedRow';
import { toast, toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { VirtualRows } from '../exports/VirtualRows';
import { isField } from './fields';
import classes from './Studies.module.css';

/** What became of a table that the user brought. */
export interface TableReport {
  title: string;
  /** Whole sentences: what was read, and what was not. */
  said: readonly string[];
  rejectedTotal: number;
  rejected: readonly RejectedRow[];
}

/** What became of a table; which rows were rejected and why, to look at, to save and to copy. */
export function RejectedRows({ report, onClose }: { report: TableReport | null; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={report !== null}
      onClose={onClose}
      size={640}
      title={report?.title}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {report && <Report report={report} />}
    </Modal>
  );
}

function Report({ report: { said, rejected, rejectedTotal: total } }: { report: TableReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const save = () =>
    void host
      .call('save_rejected', {})
      .then((saved) => {
        if (saved) toast({ message: t('studies.rejected.saved'), detail: saved.path, tone: 'good' });
      })
      .catch(toastError);
  const copy = () =>
    void host
      .call('copy_rejected', {})
      .then(() => toast({ message: t('studies.rejected.copied') }))
      .catch(toastError);
  const fieldOf = (field: string) =>
    isField(field)
      ? t(`studies.fields.${field}`)
      : field === 'record_no' || field === 'patient_id'
        ? t(`studies.rejected.fields.${field}`)
        : field;
  const count = t('studies.rejected.count', { count: total, n: format.count(total) });
  return (
    <>
      {said.map((sentence) => (
        <p key={sentence} className={classes.why}>
          {sentence}
        </p>
      ))}
      {total > 0 && (
        <>
          <p className={classes.why}>
            {count}
            {'. '}
            {total > rejected.length && t('studies.rejected.first', { n: format.count(rejected.length) })}
          </p>
          <VirtualRows items={rejected} rowHeight={28} maxHeight={280} label={count}>
            {(row) => (
              <span>
                {t('studies.rejected.line', { n: format.count(row.line) })}
                {': '}
                {fieldOf(row.field)}
                {': '}
                {t(`studies.rejected.reasons.${row.reason}`)}
              </span>
            )}
          </VirtualRows>
          <Group justify="flex-end" gap={8} mt={12}>
            <Button
              variant="default"
              leftSection={<IconCopy size={14} stroke={1.75} aria-hidden />}
              onClick={copy}
            >
              {t('studies.rejected.copy')}
            </Button>
            <Button variant="default" onClick={save}>
              {t('studies.rejected.save')}
            </Button>
          </Group>
        </>
      )}
    </>
  );
}
