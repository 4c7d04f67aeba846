import { useEffect, useState } from 'react';

import { useChangePreferences } from '../../api/preferences';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { Preferences } from '../../bindings/Preferences';
import { reportOf } from '../../components/ErrorNotice';

/** So long one sees that a change was kept, and can take it back there. */
const SHOWN_MS = 8000;

/** What became of the last change of a setting. */
export type Kept =
  { state: 'saved'; undo: () => void } | { state: 'failed'; report: ErrorReport; retry: () => void };

/** One preference: what it is, how to change it (kept at once), and what became of the change. */
export function usePreference<K extends keyof Preferences>(
  preferences: Preferences,
  key: K,
): [value: Preferences[K], change: (value: Preferences[K]) => void, kept: Kept | undefined] {
  const write = useChangePreferences();
  const [kept, setKept] = useState<Kept>();
  const value = preferences[key];

  useEffect(() => {
    if (kept?.state !== 'saved') return;
    const timer = setTimeout(() => setKept(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [kept]);

  const put = (next: Preferences[K], then: () => void) => {
    setKept(undefined);
    write({ [key]: next }).then(then, (error: unknown) =>
      setKept({ state: 'failed', report: reportOf(error), retry: () => put(next, then) }),
    );
  };
  const change = (next: Preferences[K]) => {
    if (next === value) return;
    put(next, () => setKept({ state: 'saved', undo: () => put(value, () => undefined) }));
  };
  return [value, change, kept];
}
