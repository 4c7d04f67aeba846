import { useSyncExternalStore } from 'react';

import type { JobProgress } from '../bindings/JobProgress';

/** Progress of long commands by the task ids that the page gave them. */
const progress = new Map<string, JobProgress>();
const listeners = new Set<() => void>();
let counter = 0;

/** A new task id. */
export function newTask(): string {
  counter += 1;
  return `t${Date.now().toString(36)}-${counter}`;
}

export function taskMoved(task: string, latest: JobProgress): void {
  progress.set(task, latest);
  for (const listener of listeners) listener();
}

export function taskEnded(task: string): void {
  progress.delete(task);
  for (const listener of listeners) listener();
}

/** How far a task is; nothing before its first report and after its end. */
export function useTaskProgress(task: string | null): JobProgress | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => (task === null ? undefined : progress.get(task)),
  );
}
