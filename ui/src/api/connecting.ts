import { useSyncExternalStore } from 'react';

import type { ErrorReport } from '../bindings/ErrorReport';
import type { RecentRegistry } from '../bindings/RecentRegistry';
import type { ServerForm } from '../bindings/ServerForm';
import type { Startup } from '../bindings/Startup';
import { HostError } from '../host/types';

/** What a connection lacks: how the server is reached, or as whom it is looked at. */
export type Lacking =
  | { step: 'server'; server: ServerForm | null; problem: ErrorReport | null }
  | { step: 'user'; id: string; name: string };

export interface Connecting {
  lacking: Lacking;
  opened: boolean;
  /** Another number for each time that it is asked. */
  turn: number;
}

let connecting: Connecting | null = null;
let turns = 0;
const listeners = new Set<() => void>();

function set(next: Connecting | null): void {
  connecting = next;
  for (const listener of listeners) listener();
}

/** Asks for what a connection to a server lacks; without anything, for all of it. */
export function askToConnect(lacking: Lacking = { step: 'server', server: null, problem: null }): void {
  turns += 1;
  set({ lacking, opened: true, turn: turns });
}

/** The question is answered, or put off. */
export function closeConnecting(): void {
  if (connecting) set({ ...connecting, opened: false });
}

export function useConnecting(): Connecting | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connecting,
  );
}

/** What a look at the form of the server can mend. */
const MENDED_BY_FORM = new Set([
  'SOURCE_DENIED',
  'SOURCE_UNREACHABLE',
  'SOURCE_UNTRUSTED',
  'SOURCE_PRIVILEGE',
  'PASSWORD_UNUSABLE',
]);

/** What is lacking where a server could not be opened or read; nothing where that is no question of a connection. */
export function lackingOf(
  problem: ErrorReport,
  of: Pick<RecentRegistry, 'id' | 'name' | 'server'>,
): Lacking | null {
  if (of.server === null) return null;
  if (problem.code === 'USER_REQUIRED') return { step: 'user', id: of.id, name: of.name };
  return MENDED_BY_FORM.has(problem.code) ? { step: 'server', server: of.server, problem } : null;
}

/** Asks for what is lacking in place of an error; what is no question of a connection is thrown on. */
export function askInstead(error: unknown, of: Pick<RecentRegistry, 'id' | 'name' | 'server'> | null): false {
  const lacking = of && error instanceof HostError ? lackingOf(error.report, of) : null;
  if (!lacking) throw error;
  askToConnect(lacking);
  return false;
}

/** What the server lacks that should have been opened at the start. */
export function lackingAtStart({ problem, problem_server: server, recent }: Startup): Lacking | null {
  if (!problem || !server) return null;
  const known = recent.find((each) => JSON.stringify(each.server) === JSON.stringify(server));
  const lacking = lackingOf(problem, { id: known?.id ?? '', name: known?.name ?? '', server });
  return lacking?.step === 'user' && !known ? { step: 'server', server, problem } : lacking;
}
