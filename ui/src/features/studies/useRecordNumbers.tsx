import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { useFormat } from '../../app/FormatContext';
import { toast, toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import type { TableReport } from './RejectedRows';

/** The user's own table of record numbers: opening one, and forgetting it. */
export function useRecordNumbers() {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<TableReport | null>(null);
  const attempt = (run: () => Promise<void>) => {
    setBusy(true);
    void run()
      .catch(toastError)
      .finally(() => setBusy(false));
  };
  const changed = () => client.invalidateQueries({ queryKey: keys.studies });
  return {
    busy,
    /** What became of the last table, while rows of it were rejected. */
    report,
    dismiss: () => setReport(null),
    open: () =>
      attempt(async () => {
        const done = await host.call('import_record_numbers', {});
        if (done === null) return;
        void changed();
        const imported = t('studies.patients.imported', {
          count: done.imported,
          n: format.count(done.imported),
        });
        if (done.rejected_total === 0) toast({ message: imported, tone: 'good' });
        else
          setReport({
            title: t('studies.patients.table'),
            said: [`${imported}.`],
            rejectedTotal: done.rejected_total,
            rejected: done.rejected,
          });
      }),
    forget: () =>
      attempt(async () => {
        await host.call('remove_record_numbers', {});
        void changed();
        toast({ message: t('studies.patients.forgotten') });
      }),
  };
}
