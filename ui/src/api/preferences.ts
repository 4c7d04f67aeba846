import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';

import type { Preferences } from '../bindings/Preferences';
import type { SettingsView } from '../bindings/SettingsView';
import type { Startup } from '../bindings/Startup';
import { useHost } from '../host/context';
import { keys } from './keys';
import { makeQueue } from './queue';

/** Preferences are written one after another: the last word is the last one said. */
const inTurn = makeQueue();

/** Changes preferences: shown at once, written at once, taken back when writing fails (rejects then). */
export function useChangePreferences(): (patch: Partial<Preferences>) => Promise<void> {
  const host = useHost();
  const client = useQueryClient();
  return useCallback(
    async (patch) => {
      const show = (change: Partial<Preferences>) => {
        client.setQueryData<Startup>(keys.startup, (old) =>
          old ? { ...old, preferences: { ...old.preferences, ...change } } : old,
        );
        client.setQueryData<SettingsView>(keys.settings, (old) =>
          old ? { ...old, preferences: { ...old.preferences, ...change } } : old,
        );
      };
      const before = client.getQueryData<Startup>(keys.startup)?.preferences;
      if (!before) return;
      const back = Object.fromEntries(
        (Object.keys(patch) as (keyof Preferences)[]).map((key) => [key, before[key]]),
      ) as Partial<Preferences>;
      show(patch);
      await inTurn(async () => {
        try {
          const now = client.getQueryData<Startup>(keys.startup)?.preferences ?? before;
          await host.call('set_preferences', { ...now, ...patch });
        } catch (error) {
          show(back);
          throw error;
        }
      });
    },
    [host, client],
  );
}

/** Whether the rows of the tree carry names. */
export function useShowsNames(): boolean {
  const host = useHost();
  const startup = useQuery({ queryKey: keys.startup, queryFn: () => host.call('start', {}), enabled: false });
  return startup.data?.preferences.show_names ?? true;
}
