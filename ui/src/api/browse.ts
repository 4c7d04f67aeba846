import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';

import type { BrowseState } from '../bindings/BrowseState';
import { useHost } from '../host/context';
import type { CommandName, Input, Output } from '../host/types';
import { keys } from './keys';
import { makeQueue } from './queue';

/** Changes of the choosing go one after another: a later one never overtakes an earlier one. */
export const inTurn = makeQueue();

/** The state of the choosing; nothing while no project is open. */
export function useBrowse(): BrowseState | undefined {
  const host = useHost();
  return useQuery({ queryKey: keys.browse, queryFn: () => host.call('browse', {}), enabled: false }).data;
}

/** Takes this change back, unless something came after it: then that would be taken back. Whether it did. */
export function useUndoOf(): (change: BrowseState) => Promise<boolean> {
  const host = useHost();
  const client = useQueryClient();
  return useCallback(
    (change) =>
      inTurn(async () => {
        const now = client.getQueryData<BrowseState>(keys.browse);
        if (now?.revision !== change.revision || now.counts.selected !== change.counts.selected) return false;
        client.setQueryData<BrowseState>(keys.browse, await host.call('undo', {}));
        return true;
      }),
    [host, client],
  );
}

type StateOf<O> = O extends BrowseState ? BrowseState : O extends { state: BrowseState } ? O : never;

/** Sends a change of the choosing in its turn, and keeps the state that comes back. */
export function useChange(): <C extends CommandName>(
  command: C,
  input: Input<C>,
) => Promise<StateOf<Output<C>>> {
  const host = useHost();
  const client = useQueryClient();
  return useCallback(
    (command, input) =>
      inTurn(async () => {
        const answer = await host.call(command, input);
        const state = (
          typeof answer === 'object' && answer !== null && 'state' in answer ? answer.state : answer
        ) as BrowseState;
        client.setQueryData<BrowseState>(keys.browse, state);
        return answer as StateOf<Output<typeof command>>;
      }),
    [host, client],
  );
}
