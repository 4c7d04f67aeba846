import { useQuery } from '@tanstack/react-query';

import { useHost } from '../host/context';
import { askExports } from './events';
import { keys } from './keys';

/** The list of exports, kept true by events. The frame asks for it; others look at what it has, as soon as it is there. */
export function useExports({ asks = false } = {}) {
  const host = useHost();
  return useQuery({ queryKey: keys.exports, queryFn: () => askExports(host), enabled: asks });
}
