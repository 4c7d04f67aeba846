import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';

import { useNow } from '../../app/useNow';
import { goTo } from '../../app/page';
import { mergeRows } from '../../api/events';
import { keys } from '../../api/keys';
import { useFoundTasks } from '../../api/tasks';
import type { BrowseState } from '../../bindings/BrowseState';
import type { Destination } from '../../bindings/Destination';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { ExportRow } from '../../bindings/ExportRow';
import type { ExportRows } from '../../bindings/ExportRows';
import type { JobProgress } from '../../bindings/JobProgress';
import type { RunningTask } from '../../bindings/RunningTask';
import { reportOf } from '../../components/ErrorNotice';
import { useHost } from '../../host/context';
import { blockedBy, type Blocked } from './blocked';
import { useDraft } from './draft';
import { nameFault, type NameFault } from './name';
import { useTask, wasCancelled } from '../../api/useTask';
import { useWishes } from './wishes';

/** Everything that is said about the next export besides the selection. */
export interface ExportForm {
  destination: Destination | undefined;
  destinationProblem: ErrorReport | null;
  chooseDestination: () => void;
  /** What was typed; `null` while the name is automatic. */
  typedName: string | null;
  automaticName: string;
  setName: (name: string | null) => void;
  nameFault: NameFault | null;
  /** Rust's word on the name. */
  nameProblem: ErrorReport | null;
  /** As it is sent: `null` is automatic. */
  name: string | null;
  notes: string;
  setNotes: (notes: string) => void;
  skipMissing: boolean;
  setSkipMissing: (skip: boolean) => void;
  blocked: Blocked | null;
  create: (how?: { skipMissing: boolean }) => void;
  creating: boolean;
  cancelling: boolean;
  progress: JobProgress | undefined;
  cancel: () => void;
  /** Why the last Create did not go through. */
  problem: ErrorReport | null;
  /** The last Create was stopped by the user. */
  stopped: boolean;
  dismiss: () => void;
}

const OF_NAME = new Set(['NAME_INVALID', 'DESTINATION_TAKEN']);

export function useExportForm(
  state: BrowseState | undefined,
  onQueued: (row: ExportRow, view: () => void) => void,
): ExportForm {
  const host = useHost();
  const client = useQueryClient();
  const minute = Math.floor(useNow() / 60_000);
  const [{ typedName, notes }, setDraft] = useDraft();
  const [skipMissing, setSkipMissing] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [stopped, setStopped] = useState(false);
  const [chooseProblem, setChooseProblem] = useState<ErrorReport | null>(null);
  const { running, cancelling, progress, run, cancel } = useTask();
  const { settled } = useWishes();

  const destination = useQuery({
    queryKey: keys.destination,
    queryFn: () => host.call('destination', {}),
    refetchInterval: 30_000,
  });
  const lookAgain = destination.refetch;
  const suggested = useQuery({
    queryKey: ['suggested-name', minute],
    queryFn: () => host.call('suggest_name', {}),
    placeholderData: (before) => before,
  });

  const typed = typedName ?? '';
  const fault = nameFault(typed);
  const name = typed === '' ? null : typed;
  const ofName = problem !== null && OF_NAME.has(problem.code);
  const blocked = useMemo(() => blockedBy(state, destination.data, fault), [state, destination.data, fault]);

  const chooseDestination = useCallback(() => {
    setChooseProblem(null);
    host.call('choose_destination', {}).then(
      (chosen) => {
        if (chosen) client.setQueryData<Destination>(keys.destination, chosen);
      },
      (error: unknown) => setChooseProblem(reportOf(error)),
    );
  }, [host, client]);

  const begin = useCallback(
    (skip: boolean, found?: RunningTask) => {
      setProblem(null);
      setStopped(false);
      run(async (task, goOn) => {
        const revision = await settled();
        goOn();
        return host.call('create_export', { task, revision, name, notes, skip_missing: skip });
      }, found).then(
        (row) => {
          client.setQueryData<ExportRows>(keys.exports, (old) =>
            old && !old.exports.some((each) => each.id === row.id)
              ? { exports: mergeRows(old.exports, [row], []) }
              : old,
          );
          setDraft((draft) => ({ ...draft, typedName: null }));
          void client.invalidateQueries({ queryKey: ['suggested-name'] });
          void client.invalidateQueries({ queryKey: keys.destination });
          onQueued(row, () => goTo('exports', row.id));
        },
        async (error: unknown) => {
          if (wasCancelled(error)) {
            setStopped(true);
            return;
          }
          const report = reportOf(error);
          // A disk may have gone since it was looked at. Then its own place says so, until it is back.
          const at = report.code.startsWith('DESTINATION_') ? await lookAgain() : undefined;
          if (at?.data?.problem?.code !== report.code) setProblem(report);
        },
      );
    },
    [run, settled, host, name, notes, client, setDraft, onQueued, lookAgain],
  );
  const create = useCallback(
    (how?: { skipMissing: boolean }) => {
      if (!running && !blocked) begin(how?.skipMissing ?? skipMissing);
    },
    [running, blocked, begin, skipMissing],
  );
  useFoundTasks(['create'], (found) => begin(skipMissing, found));
  // Its dialog went with the page that had it.
  useFoundTasks(['preview'], ({ task }) => void host.call('cancel_task', { task }).catch(() => undefined));

  return {
    destination: destination.data,
    destinationProblem: chooseProblem ?? (destination.isError ? reportOf(destination.error) : null),
    chooseDestination,
    typedName,
    automaticName: suggested.data?.name ?? '',
    setName: (next) => {
      setDraft((draft) => ({ ...draft, typedName: next }));
      if (ofName) setProblem(null);
    },
    nameFault: fault,
    nameProblem: ofName ? problem : null,
    name,
    notes,
    setNotes: (next) => setDraft((draft) => ({ ...draft, notes: next })),
    skipMissing,
    setSkipMissing,
    blocked,
    create,
    creating: running,
    cancelling,
    progress,
    cancel,
    problem: ofName ? null : problem,
    stopped,
    dismiss: () => {
      setProblem(null);
      setStopped(false);
    },
  };
}
