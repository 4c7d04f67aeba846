import type { Commands } from '../bindings/Commands';
import type { ErrorReport } from '../bindings/ErrorReport';
import type { Event } from '../bindings/Event';

export type CommandName = Extract<keyof Commands, string>;
export type Input<C extends CommandName> = Commands[C]['input'];
export type Output<C extends CommandName> = Commands[C]['output'];

/** The other side: Rust behind Tauri, and later a server behind HTTP. */
export interface Host {
  /** Runs a command; rejects with a `HostError`. */
  call<C extends CommandName>(command: C, input: Input<C>): Promise<Output<C>>;
  /** Hears what happens; there is one listener. */
  listen(listener: (event: Event) => void): Promise<void>;
}

/** A designed error of the other side: code, sentence, next step. */
export class HostError extends Error {
  readonly report: ErrorReport;

  constructor(report: ErrorReport) {
    super(report.message);
    this.name = 'HostError';
    this.report = report;
  }
}
