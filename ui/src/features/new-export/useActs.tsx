import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';

import { useChange } from '../../api/browse';
import type { BrowseState } from '../../bindings/BrowseState';
import type { ErrorReport } from '../../bindings/ErrorReport';
import { reportOf } from '../../components/ErrorNotice';
import type { CommandName, Input, Output } from '../../host/types';
import { changesSelection, movesRows } from './effects';

/** Where on the page an error is said. */
export type Area = 'patients' | 'content' | 'summary';

type Answer<C extends CommandName> =
  Output<C> extends BrowseState ? BrowseState : Output<C> extends { state: BrowseState } ? Output<C> : never;

export interface Acts {
  /** Sends a change; nothing comes back when it failed, which is then said in its area. */
  act: <C extends CommandName>(area: Area, command: C, input: Input<C>) => Promise<Answer<C> | undefined>;
  problem: { area: Area; report: ErrorReport } | null;
  say: (area: Area, error: unknown) => void;
  dismiss: () => void;
  /** Grows when other patients or contents are chosen: what was worked out for the earlier ones is old. */
  selection: number;
  /** Grows when rows of the tree move. */
  layout: number;
}

const ActsContext = createContext<Acts | null>(null);

/** What the page does to the choosing, with one place for what goes wrong. */
export function useActs(): Acts {
  const acts = use(ActsContext);
  if (!acts) throw new Error('There is no page above this component.');
  return acts;
}

export function ActsProvider({ children }: { children: ReactNode }) {
  const change = useChange();
  const [problem, setProblem] = useState<Acts['problem']>(null);
  const [selection, setSelection] = useState(0);
  const [layout, setLayout] = useState(0);

  const act = useCallback<Acts['act']>(
    async (area, command, input) => {
      try {
        const answer = await change(command, input);
        setProblem(null);
        if (changesSelection(command)) setSelection((before) => before + 1);
        if (movesRows(command)) setLayout((before) => before + 1);
        return answer as unknown as Answer<typeof command>;
      } catch (error) {
        setProblem({ area, report: reportOf(error) });
        return undefined;
      }
    },
    [change],
  );
  const say = useCallback((area: Area, error: unknown) => setProblem({ area, report: reportOf(error) }), []);
  const dismiss = useCallback(() => setProblem(null), []);
  const acts = useMemo(
    () => ({ act, problem, say, dismiss, selection, layout }),
    [act, problem, say, dismiss, selection, layout],
  );
  return <ActsContext value={acts}>{children}</ActsContext>;
}
