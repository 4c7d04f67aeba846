import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { mergeRows } from '../../api/events';
import { keys } from '../../api/keys';
import { newTask, taskEnded, useFoundTasks } from '../../api/tasks';
import { goTo } from '../../app/page';
import type { CopyWhat } from '../../bindings/CopyWhat';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { ExportRow } from '../../bindings/ExportRow';
import type { ExportRows } from '../../bindings/ExportRows';
import type { RunningTask } from '../../bindings/RunningTask';
import type { TaskKind } from '../../bindings/TaskKind';
import type { Verification } from '../../bindings/Verification';
import { reportOf } from '../../components/ErrorNotice';
import { toast, toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { isActive, isCompleted, type Act } from './model';

/** Long work on a row. */
export type RowTaskKind = 'verify' | 'saveCopy' | 'locate' | 'restart' | 'again' | 'leaveOut';

export interface RowTask {
  kind: RowTaskKind;
  task: string;
  cancelling: boolean;
}

/** What long work came to, said in its row until it is dismissed or other work begins. */
export type Outcome =
  | { kind: 'verified'; result: Verification }
  | { kind: 'saved'; path: string }
  | { kind: 'located' }
  | { kind: 'error'; report: ErrorReport };

export interface ExportActs {
  tasks: ReadonlyMap<string, RowTask>;
  outcomes: ReadonlyMap<string, Outcome>;
  act: (act: Act, row: ExportRow) => void;
  cancelTask: (row: ExportRow) => void;
  dismiss: (row: ExportRow) => void;
  saveProblems: (row: ExportRow) => Promise<void>;
}

const KINDS: Partial<Record<Act, RowTaskKind>> = {
  verify: 'verify',
  saveCopy: 'saveCopy',
  locate: 'locate',
  retry: 'restart',
  restart: 'restart',
  again: 'again',
  recreate: 'again',
  leaveOut: 'leaveOut',
};

/** What work of a page before this one is shown as. */
const FOUND = new Map<TaskKind, RowTaskKind>([
  ['verify', 'verify'],
  ['save_copy', 'saveCopy'],
  ['locate', 'locate'],
  ['restart', 'restart'],
  ['again', 'again'],
]);

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const next = new Map(map);
  next.delete(key);
  return next;
}

/** Everything that can be done with a row. The host is asked, its answer merged, and a word said where nothing is seen. */
export function useExportActs(): ExportActs {
  const host = useHost();
  const client = useQueryClient();
  const { t } = useTranslation();
  const [tasks, setTasks] = useState<ReadonlyMap<string, RowTask>>(new Map());
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  // What runs, at once: a second click comes before the next drawing.
  const running = useRef(new Map<string, RowTask>());

  const merge = useCallback(
    (row: ExportRow) => {
      client.setQueryData<ExportRows>(keys.exports, (old) => ({
        exports: mergeRows(old?.exports ?? [], [row], []),
      }));
      void client.invalidateQueries({ queryKey: keys.exportDetails(row.id) });
    },
    [client],
  );

  const long = useCallback(
    async (kind: RowTaskKind, id: string, found?: RunningTask) => {
      if (running.current.has(id)) return;
      const entry = { kind, task: found?.task ?? newTask(), cancelling: found?.cancelling ?? false };
      running.current.set(id, entry);
      setTasks(new Map(running.current));
      setOutcomes((old) => without(old, id));
      const input = { id, task: entry.task };
      const say = (outcome: Outcome) => setOutcomes((old) => new Map(old).set(id, outcome));
      try {
        switch (kind) {
          case 'verify':
            say({ kind: 'verified', result: await host.call('verify_export', input) });
            break;
          case 'saveCopy': {
            const saved = await host.call('save_copy', input);
            if (saved) say({ kind: 'saved', path: saved.path });
            break;
          }
          case 'locate': {
            const found = await host.call('locate_archive', input);
            if (found) {
              merge(found);
              say({ kind: 'located' });
            }
            break;
          }
          case 'restart':
            merge(await host.call('restart_export', input));
            break;
          case 'again':
          case 'leaveOut': {
            const fresh = await host.call('export_again', { ...input, leave_out: kind === 'leaveOut' });
            merge(fresh);
            toast({
              id: `export-${fresh.id}`,
              message: t('exports.queued', { name: fresh.name }),
              action: { label: t('exports.view'), onClick: () => goTo('exports', fresh.id) },
            });
            break;
          }
        }
      } catch (error) {
        const report = reportOf(error);
        if (report.code !== 'CANCELLED') say({ kind: 'error', report });
      } finally {
        taskEnded(entry.task);
        running.current.delete(id);
        setTasks(new Map(running.current));
      }
    },
    [host, merge, t],
  );
  useFoundTasks([...FOUND.keys()], (task) => {
    const kind = FOUND.get(task.kind);
    if (kind && task.export !== null) void long(kind, task.export, task);
  });

  const remove = useCallback(
    async (row: ExportRow) => {
      await host.call('remove_export', { id: row.id });
      client.setQueryData<ExportRows>(keys.exports, (old) =>
        old ? { exports: mergeRows(old.exports, [], [row.id]) } : old,
      );
      const restore = async () => {
        merge(await host.call('restore_export', { id: row.id }));
        toast({ id: `removed-${row.id}`, message: t('exports.restored', { name: row.name }) });
      };
      toast({
        id: `removed-${row.id}`,
        message: t('exports.removed', { name: row.name }),
        detail: isCompleted(row) ? t('exports.removedAbout') : t('exports.removedNoFile'),
        action: { label: t('common.undo'), onClick: () => void restore().catch(toastError) },
        stays: 10_000,
      });
    },
    [host, client, merge, t],
  );

  const short = useCallback(
    async (act: Act, row: ExportRow) => {
      const { id, name } = row;
      const copy = async (what: CopyWhat, message: string, detail?: string) => {
        await host.call('copy_text', { id, what });
        toast({ id: 'copied', message, stays: 2500, ...(detail === undefined ? {} : { detail }) });
      };
      switch (act) {
        case 'cancel':
          merge(await host.call('cancel_export', { id }));
          break;
        case 'show':
          await host.call('show_in_folder', { id });
          break;
        case 'details':
          goTo('exports', id);
          break;
        case 'copyPath':
          await copy('path', t('exports.copiedPath'));
          break;
        case 'copySha256':
          await copy('sha256', t('exports.copiedSha256'));
          break;
        case 'copyReport':
          await copy('report', t('exports.copiedReport'), t('exports.copiedReportAbout'));
          break;
        case 'remove':
          if (isActive(row)) toast({ id: 'remove-running', message: t('exports.cannotRemove') });
          else await remove(row);
          break;
        case 'trash':
          merge(await host.call('trash_archive', { id }));
          setOutcomes((old) => without(old, id));
          toast({ message: t('exports.trashed', { name }), detail: t('exports.trashedAbout') });
          break;
        default:
          break;
      }
    },
    [host, merge, remove, t],
  );

  const act = useCallback(
    (what: Act, row: ExportRow) => {
      const kind = KINDS[what];
      if (kind) void long(kind, row.id);
      else void short(what, row).catch(toastError);
    },
    [long, short],
  );

  const cancelTask = useCallback(
    (row: ExportRow) => {
      const entry = running.current.get(row.id);
      if (!entry || entry.cancelling) return;
      const set = (cancelling: boolean) => {
        if (running.current.get(row.id)?.task !== entry.task) return;
        running.current.set(row.id, { ...entry, cancelling });
        setTasks(new Map(running.current));
      };
      set(true);
      host.call('cancel_task', { task: entry.task }).catch((error: unknown) => {
        set(false);
        toastError(error);
      });
    },
    [host],
  );

  const dismiss = useCallback((row: ExportRow) => setOutcomes((old) => without(old, row.id)), []);

  const saveProblems = useCallback(
    async (row: ExportRow) => {
      try {
        const saved = await host.call('save_problems', { id: row.id });
        if (saved) toast({ message: t('exports.problems.saved'), detail: saved.path, tone: 'good' });
      } catch (error) {
        toastError(error);
      }
    },
    [host, t],
  );

  return useMemo(
    () => ({ tasks, outcomes, act, cancelTask, dismiss, saveProblems }),
    [tasks, outcomes, act, cancelTask, dismiss, saveProblems],
  );
}
