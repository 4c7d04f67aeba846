import { useEffect, useRef, useState } from 'react';

import { wasCancelled } from '../../api/useTask';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { ImageFolderPreview } from '../../bindings/ImageFolderPreview';
import { reportOf } from '../../components/ErrorNotice';
import { useHost } from '../../host/context';

/** A pause after the last key, before what was typed is tried. */
const DEBOUNCE_MS = 180;

export interface Tried {
  /** The last good one. */
  preview: ImageFolderPreview | null;
  /** Why what is said now cannot be tried. */
  problem: ErrorReport | null;
  /** What is shown is not of what is said now. */
  stale: boolean;
  /** Tries it once more. */
  again: () => void;
}

/** What a pattern makes of some images of a folder; the first at once, the next when the keys rest. */
export function usePreview(folder: string, pattern: string): Tried {
  const host = useHost();
  const [preview, setPreview] = useState<ImageFolderPreview | null>(null);
  const [ended, setEnded] = useState<{ of: string; problem: ErrorReport | null } | null>(null);
  const [attempt, setAttempt] = useState(0);
  const first = useRef(true);
  const of = `${folder} ${attempt} ${pattern}`;
  useEffect(() => {
    let newest = true;
    const ask = () =>
      void host.call('preview_image_folder', { folder, pattern }).then(
        (made) => {
          if (!newest) return;
          setPreview(made);
          setEnded({ of, problem: null });
        },
        (error: unknown) => {
          if (newest && !wasCancelled(error)) setEnded({ of, problem: reportOf(error) });
        },
      );
    const timer = setTimeout(ask, first.current ? 0 : DEBOUNCE_MS);
    first.current = false;
    return () => {
      newest = false;
      clearTimeout(timer);
    };
  }, [host, folder, pattern, of]);
  const settled = ended?.of === of;
  return {
    preview,
    problem: settled ? ended.problem : null,
    stale: !settled || ended.problem !== null,
    again: () => setAttempt((now) => now + 1),
  };
}
