import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { useFoundTasks } from '../../api/tasks';
import { useTask, wasCancelled } from '../../api/useTask';
import { useFormat } from '../../app/FormatContext';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import type { RunningTask } from '../../bindings/RunningTask';
import { toast, toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { asFields } from './fields';
import type { TableReport } from './RejectedRows';

/** Whether lists of studies go with it: an account's own, so with its owner, and with anybody where there is none. */
export const hasLists = ({ user, needs_user: needsUser }: OpenRegistry) => user === null || needsUser;

/** A list of studies in place of those of the registry: opening one, and forgetting it. */
export function useStudyList() {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const client = useQueryClient();
  const task = useTask();
  const [report, setReport] = useState<TableReport | null>(null);
  const changed = () => client.resetQueries({ queryKey: keys.studiesAll });
  const read = async (zone: string | null, found?: RunningTask) => {
    const done = await task.run((id) => host.call('import_studies', { task: id, time_zone: zone }), found);
    if (done === null) return;
    void changed();
    const imported = t('studies.list.imported', { count: done.imported, n: format.count(done.imported) });
    const absent = asFields(done.absent_fields).map((field) => t(`studies.fields.${field}`));
    if (done.rejected_total + absent.length + done.ignored_columns.length + done.ignored_sheets.length === 0)
      toast({ message: imported, detail: done.name, tone: 'good' });
    else
      setReport({
        title: done.name,
        said: [
          `${imported}. ${t('studies.list.readAs', { zone: done.time_zone })}`,
          ...(absent.length > 0 ? [t('studies.list.absent', { names: absent.join(', ') })] : []),
          ...(done.ignored_columns.length > 0
            ? [t('studies.list.ignored', { names: done.ignored_columns.join(', ') })]
            : []),
          ...(done.ignored_sheets.length > 0
            ? [t('studies.list.ignoredSheets', { names: done.ignored_sheets.join(', ') })]
            : []),
        ],
        rejectedTotal: done.rejected_total,
        rejected: done.rejected,
      });
  };
  const attempt = (run: () => Promise<void>) =>
    void run().catch((error: unknown) => {
      if (!wasCancelled(error)) toastError(error);
    });
  // The zone is that of the reading that is joined.
  useFoundTasks(['study_list'], (found) => attempt(() => read(null, found)));
  return {
    task,
    /** What is to be said of the last list. */
    report,
    dismiss: () => setReport(null),
    /** Lets the user choose one; `zone` is what its times are meant in where they do not say it. */
    open: (zone: string) => attempt(() => read(zone)),
    forget: () =>
      attempt(async () => {
        await host.call('forget_studies', {});
        void changed();
        toast({ message: t('studies.list.forgotten') });
      }),
  };
}

export type StudyList = ReturnType<typeof useStudyList>;
