import type { CertificateFile } from '../../bindings/CertificateFile';
import type { ServerEngine } from '../../bindings/ServerEngine';
import type { ServerForm } from '../../bindings/ServerForm';

/** The ports that servers have where none is said. */
export const USUAL_PORT: Record<ServerEngine, number> = { mysql: 3306, postgres: 5432 };

/** The form as it is typed. */
export interface Draft {
  engine: ServerEngine;
  host: string;
  port: string;
  database: string;
  user: string;
  password: string;
  certificate: CertificateFile | null;
  keep: boolean;
  /** Whether patients' names are left out; `null`: as the last time. */
  leaveOut: boolean | null;
}

export const EMPTY: Draft = {
  engine: 'mysql',
  host: '',
  port: '',
  database: '',
  user: '',
  password: '',
  certificate: null,
  keep: false,
  leaveOut: false,
};

export function draftOf(server: ServerForm | null): Draft {
  if (!server) return EMPTY;
  return { ...EMPTY, ...server, leaveOut: null, port: server.port === null ? '' : String(server.port) };
}

/** The first field that is still empty, or that holds what it cannot. */
export type Lack = 'host' | 'port' | 'database' | 'user';

export function lackOf(draft: Draft): Lack | null {
  if (draft.host.trim() === '') return 'host';
  if (portOf(draft.port) === undefined) return 'port';
  if (draft.database.trim() === '') return 'database';
  if (draft.user.trim() === '') return 'user';
  return null;
}

/** A port; `null` for the usual one, `undefined` for what is none. */
export function portOf(typed: string): number | null | undefined {
  const text = typed.trim();
  if (text === '') return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

export function serverOf({ engine, host, port, database, user, certificate }: Draft): ServerForm {
  return { engine, host, port: portOf(port) ?? null, user, database, certificate };
}

/** Whether somebody pastes a whole URL in place of a host. */
export function looksLikeUrl(text: string): boolean {
  return text.includes('://');
}

/** The password of a URL; empty where there is none. */
export function passwordOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url.trim()).password);
  } catch {
    return '';
  }
}
