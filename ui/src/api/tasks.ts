import { useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';

import type { JobProgress } from '../bindings/JobProgress';
import type { RunningTask } from '../bindings/RunningTask';
import type { TaskKind } from '../bindings/TaskKind';
import { useHost } from '../host/context';
import { keys } from './keys';

/** The id under which Rust reads a source of another kind. */
export const SOURCE_TASK = 'source';

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

/** Found tasks that somebody has taken up. */
const taken = new Set<string>();

/**
 * Long work of a page before this one, which was closed or reloaded meanwhile. Whoever shows work of these kinds takes it up, once:
 * the same command under the same id joins it. The frame asks what runs; others look at what it has found.
 */
export function useFoundTasks(
  kinds: readonly TaskKind[],
  take: (task: RunningTask) => void,
  { asks = false } = {},
): void {
  const host = useHost();
  const { data } = useQuery({
    queryKey: keys.tasks,
    queryFn: () => host.call('running_tasks', {}),
    enabled: asks,
  });
  const onFound = useEffectEvent((task: RunningTask) => {
    if (!kinds.includes(task.kind) || taken.has(task.task)) return;
    taken.add(task.task);
    if (task.progress) taskMoved(task.task, task.progress);
    take(task);
  });
  useEffect(() => data?.tasks.forEach((task) => onFound(task)), [data]);
}
