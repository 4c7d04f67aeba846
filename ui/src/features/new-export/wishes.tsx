import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  use,
  useCallback,
  useMemo,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';

import { inTurn } from '../../api/browse';
import { keys } from '../../api/keys';
import type { BrowseState } from '../../bindings/BrowseState';
import type { ContentsInput } from '../../bindings/ContentsInput';
import type { FilterInput } from '../../bindings/FilterInput';
import { filterOf } from './filter';
import { Latest } from './latest';
import { useActs } from './useActs';

interface Wishes {
  filter: FilterInput;
  setFilter: (patch: (before: FilterInput) => FilterInput) => void;
  contents: ContentsInput;
  setContents: (patch: (before: ContentsInput) => ContentsInput) => void;
  /** Resolves when Rust has all that was clicked so far, with the revision of it: what asks about the choice as a whole waits for it. */
  settled: () => Promise<number>;
}

const WishesContext = createContext<Wishes | null>(null);

/** Filter and contents as they are wished: a little ahead of the state. */
export function useWishes(): Wishes {
  const wishes = use(WishesContext);
  if (!wishes) throw new Error('There is no page above this component.');
  return wishes;
}

export function WishesProvider({ state, children }: { state: BrowseState; children: ReactNode }) {
  const { act } = useActs();
  const client = useQueryClient();
  const [filters] = useState(() => new Latest<FilterInput>((wish) => act('patients', 'set_filter', wish)));
  const [contents] = useState(
    () => new Latest<ContentsInput>((wish) => act('content', 'set_contents', wish)),
  );
  const filter = useSyncExternalStore(filters.subscribe, filters.pending);
  const content = useSyncExternalStore(contents.subscribe, contents.pending);
  const settled = useCallback(async () => {
    await Promise.all([filters.settled(), contents.settled()]);
    await inTurn(() => Promise.resolve());
    return client.getQueryData<BrowseState>(keys.browse)?.revision ?? state.revision;
  }, [filters, contents, client, state.revision]);
  const wishes = useMemo(
    (): Wishes => ({
      filter: filter ?? filterOf(state),
      setFilter: (patch) => filters.change(filterOf(state), patch),
      contents: content ?? state.contents,
      setContents: (patch) => contents.change(state.contents, patch),
      settled,
    }),
    [filter, filters, content, contents, settled, state],
  );
  return <WishesContext value={wishes}>{children}</WishesContext>;
}
