import { useCallback, useRef, useState } from 'react';

import { newTask, taskEnded, useTaskProgress } from './tasks';
import type { JobProgress } from '../bindings/JobProgress';
import type { RunningTask } from '../bindings/RunningTask';
import { HostError } from '../host/types';
import { useHost } from '../host/context';

/** As Rust says it of work that was stopped. */
const STOPPED = { code: 'CANCELLED', message: '', hint: '', details: [] };

export interface Task {
  /** Under way. */
  running: boolean;
  cancelling: boolean;
  progress: JobProgress | undefined;
  /**
   * Runs it, or waits for what was found running; rejects as it does. Work that waits before it asks Rust calls `goOn` then, which
   * throws where the user has stopped it meanwhile: Rust knows nothing yet that could be cancelled.
   */
  run: <T>(work: (task: string, goOn: () => void) => Promise<T>, found?: RunningTask) => Promise<T>;
  cancel: () => void;
}

/** A long command with its progress and its cancel. */
export function useTask(): Task {
  const host = useHost();
  const [task, setTask] = useState<string | null>(null);
  const [cancelling, setCancelling] = useState(false);
  const progress = useTaskProgress(task);
  const stopped = useRef<string | null>(null);
  const run = useCallback(
    async <T>(work: (task: string, goOn: () => void) => Promise<T>, found?: RunningTask): Promise<T> => {
      const id = found?.task ?? newTask();
      setTask(id);
      setCancelling(found?.cancelling ?? false);
      try {
        return await work(id, () => {
          if (stopped.current === id) throw new HostError(STOPPED);
        });
      } finally {
        taskEnded(id);
        setTask((now) => (now === id ? null : now));
        setCancelling(false);
      }
    },
    [],
  );
  const cancel = useCallback(() => {
    if (task === null) return;
    stopped.current = task;
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
