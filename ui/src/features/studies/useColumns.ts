import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { keys } from '../../api/keys';
import { makeQueue } from '../../api/queue';
import type { StudiesState } from '../../bindings/StudiesState';
import type { StudyColumns } from '../../bindings/StudyColumns';
import { toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { columnsOf, type Columns } from './columns';
import type { Field } from './fields';

/** A drag or a held key ends before what it came to is kept. */
const SETTLES_MS = 400;

/** The columns of the table: shown at once, kept a little later. */
export function useColumns(state: StudiesState) {
  const host = useHost();
  const client = useQueryClient();
  const { shown, widths } = state.columns;
  const kept = useMemo(() => columnsOf(shown, widths), [shown, widths]);
  const [wanted, setWanted] = useState<Columns | null>(null);
  const [inTurn] = useState(makeQueue);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const columns = wanted ?? kept;

  // Each change is made to what is kept by then: a set that was saved meanwhile stays.
  const keep = useCallback(
    (patch: (kept: StudyColumns) => StudyColumns) =>
      inTurn(async () => {
        const now = client.getQueryData<StudiesState>(keys.studies)?.columns;
        if (!now) return;
        const answer = await host.call('studies_columns', patch(now));
        client.setQueryData<StudiesState>(keys.studies, (old) => (old ? { ...old, columns: answer } : old));
      }),
    [host, client, inTurn],
  );
  const waiting = useRef<Columns | null>(null);
  const send = useCallback(() => {
    clearTimeout(timer.current);
    const next = waiting.current;
    if (!next) return;
    waiting.current = null;
    void keep((now) => ({ ...now, shown: [...next.fields], widths: { ...next.widths } })).catch(toastError);
  }, [keep]);
  // Whoever leaves the page has settled.
  useEffect(() => send, [send]);
  const setColumns = (next: Columns) => {
    setWanted(next);
    waiting.current = next;
    clearTimeout(timer.current);
    timer.current = setTimeout(send, SETTLES_MS);
  };
  const saveSet = (name: string, fields: readonly Field[]) =>
    keep((now) => ({
      ...now,
      sets: [...now.sets.filter((set) => set.name !== name), { name, columns: [...fields] }],
    }));
  const deleteSet = (name: string) =>
    keep((now) => ({ ...now, sets: now.sets.filter((set) => set.name !== name) }));
  return { columns, setColumns, saveSet, deleteSet };
}
