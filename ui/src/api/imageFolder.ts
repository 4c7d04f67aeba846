import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';

import type { ImageFolderChoice } from '../bindings/ImageFolderChoice';
import type { ImageFolderState } from '../bindings/ImageFolderState';
import type { OpenRegistry } from '../bindings/OpenRegistry';
import { useHost } from '../host/context';
import { keys } from './keys';

/** The id under which Rust computes checksums of the open folder. */
export const HASHES_TASK = 'hashes';

/** How the paths of a chosen folder are read, asked in a dialog. */
export interface FolderQuestion {
  choice: ImageFolderChoice;
  opened: boolean;
  /** Another number for each time that it is asked. */
  turn: number;
}

let question: FolderQuestion | null = null;
let answer: ((indexed: boolean) => void) | null = null;
let turns = 0;
const listeners = new Set<() => void>();

function set(next: FolderQuestion | null): void {
  question = next;
  for (const listener of listeners) listener();
}

/** Asks how the paths of a folder are read; true when it was read so. */
export function askAboutFolder(choice: ImageFolderChoice): Promise<boolean> {
  answer?.(false);
  turns += 1;
  set({ choice, opened: true, turn: turns });
  return new Promise((resolve) => {
    answer = resolve;
  });
}

/** The question is answered, or put off. */
export function closeFolderQuestion(indexed: boolean): void {
  if (question) set({ ...question, opened: false });
  answer?.(indexed);
  answer = null;
}

export function useFolderQuestion(): FolderQuestion | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => question,
  );
}

/** The open folder of images; nothing where something else is open. */
export function useImageFolder(registry: OpenRegistry | null): ImageFolderState | null {
  const host = useHost();
  const { data } = useQuery({
    queryKey: keys.imageFolder,
    queryFn: () => host.call('image_folder', {}),
    enabled: registry !== null,
  });
  return registry === null ? null : (data ?? null);
}
