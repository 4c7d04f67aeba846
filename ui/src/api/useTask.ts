import { useCallback, useState } from 'react';

import { newTask, taskEnded, useTaskProgress } from './tasks';
import type { JobProgress } from '../bindings/JobProgress';
import type { RunningTask } from '../bindings/RunningTask';
import { HostError } from '../host/types';
import { useHost } from '../host/context';

interface Task {
  /** Under way. */
  running: boolean;
  cancelling: boolean;
  progress: JobProgress | undefined;
  /** Runs it, or waits for what was found running; rejects as it does. */
  run: <T>(work: (task: string) => Promise<T>, found?: RunningTask) => Promise<T>;
  cancel: () => void;
}

/** A long command with its progress and its cancel. */
export function useTask(): Task {
  const host = useHost();
  const [task, setTask] = useState<string | null>(null);
  const [cancelling, setCancelling] = useState(false);
  const progress = useTaskProgress(task);
  const run = useCallback(async <T>(work: (task: string) => Promise<T>, found?: RunningTask): Promise<T> => {
    const id = found?.task ?? newTask();
    setTask(id);
    setCancelling(found?.cancelling ?? false);
    try {
      return await work(id);
    } finally {
      taskEnded(id);
      setTask((now) => (now === id ? null : now));
      setCancelling(false);
    }
  }, []);
  const cancel = useCallback(() => {
    if (task === null) return;
    setCancelling(true);
    // A task that has just ended has nothing left to cancel.
    host.call('cancel_task', { task }).catch(() => undefined);
  }, [host, task]);
  return { running: task !== null, cancelling, progress, run, cancel };
}

/** The user stopped it: no error to show. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof HostError && error.report.code === 'CANCELLED';
}
