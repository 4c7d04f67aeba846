import { Channel, invoke } from '@tauri-apps/api/core';

import type { ErrorReport } from '../bindings/ErrorReport';
import type { Event } from '../bindings/Event';
import { HostError, type CommandName, type Host, type Input, type Output } from './types';

function isReport(reason: unknown): reason is ErrorReport {
  return typeof reason === 'object' && reason !== null && 'code' in reason && 'message' in reason;
}

/** What went wrong, as a report: what Rust designed, or what was between (a misfit of types, a closed window). */
export function toHostError(reason: unknown): HostError {
  if (isReport(reason)) return new HostError(reason);
  const message = reason instanceof Error ? reason.message : String(reason);
  return new HostError({ code: 'INTERNAL', message, hint: '', details: [] });
}

export const tauriHost: Host = {
  async call<C extends CommandName>(command: C, input: Input<C>): Promise<Output<C>> {
    try {
      return await invoke<Output<C>>(command, { input });
    } catch (reason) {
      throw toHostError(reason);
    }
  },
  async listen(listener: (event: Event) => void): Promise<void> {
    const channel = new Channel<Event>();
    channel.onmessage = listener;
    await invoke('listen', { channel });
  },
};
