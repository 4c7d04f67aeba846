import { createContext, use } from 'react';

import type { Host } from './types';

export const HostContext = createContext<Host | null>(null);

/** The other side. */
export function useHost(): Host {
  const host = use(HostContext);
  if (!host) throw new Error('There is no host above this component.');
  return host;
}
