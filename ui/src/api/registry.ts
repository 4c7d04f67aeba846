import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';

import type { ConnectServer } from '../bindings/ConnectServer';
import type { DataRoots } from '../bindings/DataRoots';
import type { IndexImageFolder } from '../bindings/IndexImageFolder';
import type { OpenRegistry } from '../bindings/OpenRegistry';
import type { RecentRegistry } from '../bindings/RecentRegistry';
import type { RunningTask } from '../bindings/RunningTask';
import type { ServerConnected } from '../bindings/ServerConnected';
import type { Startup } from '../bindings/Startup';
import { useHost } from '../host/context';
import { HostError } from '../host/types';
import { inTurn } from './browse';
import { askInstead, askToConnect, lackingAtStart } from './connecting';
import { askAboutFolder } from './imageFolder';
import { keys } from './keys';
import { newTask, taskEnded, useTaskProgress } from './tasks';
import { wasCancelled } from './useTask';

/**
 * Another registry, project or user is there (or none): everything that was said about the one before is forgotten. The
 * one place that does so.
 */
export function keepRegistry(client: QueryClient, registry: OpenRegistry | null): void {
  if (registry?.browse) client.setQueryData(keys.browse, registry.browse);
  else client.removeQueries({ queryKey: keys.browse });
  client.setQueryData<Startup>(keys.startup, (old) => (old ? { ...old, registry, problem: null } : old));
  void client.resetQueries({ queryKey: keys.studiesAll });
  for (const queryKey of [keys.cohorts, keys.dataRoots, keys.imageFolder, keys.recent])
    void client.invalidateQueries({ queryKey });
}

/** What is known now of the data roots of the open registry, also where only their number is said. */
export function keepRoots(client: QueryClient, roots: DataRoots): void {
  client.setQueryData(keys.dataRoots, roots);
  const missing = roots.roots.filter((root) => root.problem !== null).length;
  client.setQueryData<Startup>(keys.startup, (old) =>
    old?.registry && old.registry.data_roots_missing !== missing
      ? { ...old, registry: { ...old.registry, data_roots_missing: missing } }
      : old,
  );
}

/** Whoever has stopped the reading of a source, or a demo, needs no error for it. */
function stopped(error: unknown): null {
  if (wasCancelled(error)) return null;
  throw error;
}

/** The making of a demo, wherever it was begun. */
export interface DemoTask {
  task: string;
  cancelling: boolean;
}

/** Opening, closing, switching. Each rejects with a `HostError`, and then all stays as it was. */
export interface RegistryActions {
  /** Begins as at the start of the window: tries the registry of last time once more. */
  startAgain: () => Promise<void>;
  /** Asks for a file; false when the user thought better of it. */
  open: () => Promise<boolean>;
  /** Asks for a folder of images, and how its paths are read; false when the user thought better of it. */
  openFolder: () => Promise<boolean>;
  /** Asks how the paths of the open folder of images are read. */
  rereadFolder: () => Promise<boolean>;
  /** Reads the folder that was chosen, and opens it. */
  indexFolder: (said: IndexImageFolder) => Promise<void>;
  /** False when the user is asked for what a server lacks. */
  openRecent: (recent: RecentRegistry) => Promise<boolean>;
  /** Reads a server and opens it, where it need not be said first as whom. */
  connect: (server: ConnectServer) => Promise<ServerConnected>;
  openAs: (id: string, user: string) => Promise<void>;
  /** Keeps of the source what one user may read, or everybody. */
  keepFor: (user: string | null) => Promise<void>;
  forgetRecent: (id: string) => Promise<void>;
  refresh: () => Promise<void>;
  close: () => Promise<void>;
  chooseProject: (project: string) => Promise<void>;
  actAs: (user: string | null) => Promise<void>;
  /** Makes the demo and opens it, or waits for the one that is being made; false when it was cancelled. */
  makeDemo: (found?: RunningTask) => Promise<boolean>;
  cancelDemo: () => Promise<void>;
}

export function useRegistry(): RegistryActions {
  const host = useHost();
  const client = useQueryClient();
  return useMemo(() => {
    // What waits for a dialog or for files does not hold up the choosing; its answer takes its turn all the same.
    const keep = (registry: OpenRegistry | null) =>
      inTurn(() => {
        keepRegistry(client, registry);
        return Promise.resolve();
      });
    const change = (ask: () => Promise<OpenRegistry>) =>
      inTurn(async () => {
        keepRegistry(client, await ask());
      });
    return {
      async startAgain() {
        const begun = await host.call('start', {});
        const lacking = lackingAtStart(begun);
        if (lacking) askToConnect(lacking);
        else if (begun.problem && !begun.registry) throw new HostError(begun.problem);
        await keep(begun.registry);
      },
      async open() {
        const opened = await host.call('open_registry', {}).catch(stopped);
        if (opened) await keep(opened);
        return opened !== null;
      },
      async openFolder() {
        const choice = await host.call('choose_image_folder', {});
        return choice !== null && askAboutFolder(choice);
      },
      rereadFolder: async () => askAboutFolder(await host.call('rechoose_image_folder', {})),
      indexFolder: async (said) => keep(await host.call('index_image_folder', said)),
      openRecent: (recent) =>
        host.call('open_recent', { id: recent.id }).then(
          (opened) => keep(opened).then(() => true),
          (error: unknown) => askInstead(error, recent),
        ),
      async connect(server) {
        const connected = await host.call('connect_server', server);
        if (connected.registry) await keep(connected.registry);
        else void client.invalidateQueries({ queryKey: keys.recent });
        return connected;
      },
      openAs: async (id, user) => keep(await host.call('open_as', { id, user })),
      keepFor: async (user) => keep(await host.call('keep_for', { user })),
      async forgetRecent(id) {
        client.setQueryData(keys.recent, await host.call('forget_recent', { id }));
      },
      refresh: () =>
        change(() => host.call('refresh_registry', {})).catch(async (error: unknown) => {
          if (wasCancelled(error)) return;
          // What was read before is shown on, with why it is no newer.
          const begun = await host.call('start', {}).catch(() => null);
          const told = begun?.registry?.refresh_problem ?? null;
          client.setQueryData<Startup>(keys.startup, (old) =>
            old?.registry ? { ...old, registry: { ...old.registry, refresh_problem: told } } : old,
          );
          askInstead(error, client.getQueryData<Startup>(keys.startup)?.registry ?? null);
        }),
      async close() {
        await host.call('close_registry', {});
        await keep(null);
      },
      chooseProject: (project) => change(() => host.call('choose_project', { project })),
      actAs: (user) => change(() => host.call('act_as', { user })),
      async makeDemo(found) {
        if (client.getQueryData<DemoTask | null>(keys.demo)) return false;
        const task = found?.task ?? newTask();
        client.setQueryData<DemoTask>(keys.demo, { task, cancelling: found?.cancelling ?? false });
        try {
          await keep(await host.call('make_demo', { task }));
          return true;
        } catch (error) {
          stopped(error);
          return false;
        } finally {
          client.setQueryData(keys.demo, null);
          taskEnded(task);
        }
      },
      async cancelDemo() {
        const demo = client.getQueryData<DemoTask | null>(keys.demo);
        if (!demo || demo.cancelling) return;
        client.setQueryData<DemoTask>(keys.demo, { ...demo, cancelling: true });
        try {
          await host.call('cancel_task', { task: demo.task });
        } catch (error) {
          client.setQueryData<DemoTask | null>(keys.demo, (now) =>
            now?.task === demo.task ? { ...now, cancelling: false } : now,
          );
          throw error;
        }
      },
    };
  }, [host, client]);
}

/** Whether a demo is being made, and how far that is. */
export function useDemo(): (DemoTask & { share: number | null }) | null {
  const { data } = useQuery<DemoTask | null>({
    queryKey: keys.demo,
    queryFn: () => null,
    initialData: null,
    enabled: false,
  });
  const progress = useTaskProgress(data?.task ?? null);
  if (!data) return null;
  const share =
    progress === undefined
      ? null
      : progress.bytes_total > 0
        ? progress.bytes_done / progress.bytes_total
        : progress.files_total > 0
          ? progress.files_done / progress.files_total
          : null;
  return { ...data, share: share === null ? null : Math.min(1, share) };
}

/** Registries opened before, the latest first. */
export function useRecent(startup: Startup): RecentRegistry[] {
  const host = useHost();
  const recent = useQuery({
    queryKey: keys.recent,
    queryFn: () => host.call('recent_registries', {}),
    initialData: { recent: startup.recent },
  });
  return recent.data.recent;
}
