import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';

import { keys } from '../../api/keys';
import { newTask, taskEnded, useTaskProgress } from '../../api/tasks';
import type { JobProgress } from '../../bindings/JobProgress';
import type { StudiesState } from '../../bindings/StudiesState';
import type { StudyFilter } from '../../bindings/StudyFilter';
import type { StudyTarget } from '../../bindings/StudyTarget';
import type { StudyLine } from '../../bindings/StudyLine';
import { toastError } from '../../components/toast';
import { RowSource } from '../../components/VirtualTree/source';
import { makeQueue } from '../../api/queue';
import { useHost } from '../../host/context';
import { HostError } from '../../host/types';
import { FIELDS } from './fields';
import { whole } from './filter';
import { Newest } from './newest';
import { sortName, sortNamed, type Sort } from './sort';

/** Reading the studies of a registry: once, with its progress. */
export function useStudiesState() {
  const host = useHost();
  const [task] = useState(newTask);
  const progress: JobProgress | undefined = useTaskProgress(task);
  const state = useQuery({
    queryKey: keys.studies,
    queryFn: async () => {
      try {
        return await host.call('studies_state', { task });
      } finally {
        taskEnded(task);
      }
    },
  });
  return { state, progress };
}

interface Wish {
  filter: StudyFilter;
  sort: Sort;
}

/** Two rows that say the same are one. */
function sameLine(a: StudyLine, b: StudyLine): boolean {
  return a.selected === b.selected && FIELDS.every((field) => a[field] === b[field]);
}

/** What the page does with the studies: asks, orders, selects. */
export function useStudies(state: StudiesState) {
  const host = useHost();
  const client = useQueryClient();
  const [list, setList] = useState(0);
  const [source] = useState(
    () => new RowSource<StudyLine>((offset, limit) => host.call('studies_rows', { offset, limit }), sameLine),
  );
  const keep = useCallback((next: StudiesState) => client.setQueryData(keys.studies, next), [client]);
  useEffect(() => source.expect(state.revision, state.matching), [source, state.revision, state.matching]);

  const [newest] = useState(
    () =>
      new Newest<Wish, StudiesState>(
        ({ filter, sort }) => host.call('studies_query', { filter, sort: sortName(sort) }),
        (answer) => {
          keep(answer);
          setList((before) => before + 1);
        },
      ),
  );
  const asking = useSyncExternalStore(newest.subscribe, newest.state);
  const granted = useMemo(
    (): Wish => ({ filter: whole(state.filter), sort: sortNamed(state.sort) }),
    [state.filter, state.sort],
  );
  const wish = asking.wish ?? granted;
  const current = useRef(granted);
  useEffect(() => {
    current.current = granted;
  }, [granted]);

  const setFilter = useCallback(
    (patch: (before: StudyFilter) => StudyFilter) =>
      void newest.change(current.current, (before) => ({ ...before, filter: patch(before.filter) })),
    [newest],
  );
  const setSort = useCallback(
    (patch: (before: Sort) => Sort) =>
      void newest.change(current.current, (before) => ({ ...before, sort: patch(before.sort) })),
    [newest],
  );

  // Selecting goes in its order; what it is about is what is shown.
  const [inTurn] = useState(makeQueue);
  const select = useCallback(
    (target: StudyTarget) =>
      void inTurn(async () =>
        keep(await host.call('studies_select', { revision: source.revision, target })),
      ).catch((error: unknown) => toastError(error)),
    [host, inTurn, keep, source],
  );

  // What is about all that is shown waits until Rust has the last word of it, and how many are selected then.
  const settled = useCallback(async () => {
    await newest.settled();
    await inTurn(() => Promise.resolve());
    return client.getQueryData<StudiesState>(keys.studies)?.selected ?? 0;
  }, [newest, inTurn, client]);

  const failed =
    asking.error instanceof HostError && asking.error.report.code === 'CANCELLED' ? null : asking.error;
  return { source, list, wish, asking: asking.asking, error: failed, setFilter, setSort, select, settled };
}
