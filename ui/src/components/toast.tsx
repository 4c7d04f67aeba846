import { notifications } from '@mantine/notifications';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';

import { useErrorWords, type Told } from '../errors/words';
import { reportOf } from './ErrorNotice';
import classes from './toast.module.css';

interface Toast {
  /** Replaces one with the same id. */
  id?: string;
  message: ReactNode;
  detail?: ReactNode;
  tone?: 'plain' | 'good' | 'warn' | 'bad';
  action?: { label: string; onClick: () => void };
  /** Milliseconds; errors stay. */
  stays?: number | false;
}

const COLORS = { plain: 'gray', good: 'green', warn: 'orange', bad: 'red' } as const;

/** A short word at the edge of the window. Never the only record of anything. */
export function toast({ id, message, detail, tone = 'plain', action, stays = 6000 }: Toast): void {
  const shown = id ?? `toast-${Math.random().toString(36).slice(2)}`;
  const data = {
    id: shown,
    color: COLORS[tone],
    autoClose: stays,
    withBorder: true,
    message: (
      <div className={classes.toast} role="status">
        <div className={classes.text}>
          <div className={classes.message}>{message}</div>
          {detail !== undefined && detail !== '' && <div className={classes.detail}>{detail}</div>}
        </div>
        {action && (
          <Button
            variant="subtle"
            onClick={() => {
              notifications.hide(shown);
              action.onClick();
            }}
          >
            {action.label}
          </Button>
        )}
      </div>
    ),
  };
  notifications.hide(shown);
  notifications.show(data);
}

/** A failed command, where it has no place of its own. */
export function toastError(error: unknown): void {
  toastReport(reportOf(error), { tone: 'bad' });
}

/** An error that is told beside something else. */
export function toastReport(told: Told, toasted: Pick<Toast, 'id' | 'tone'>): void {
  toast({
    message: <Said told={told} part="message" />,
    detail: <Said told={told} part="hint" />,
    stays: 15_000,
    ...toasted,
  });
}

/** Toasts are asked for outside of components: what they say is put into words where they are drawn. */
function Said({ told, part }: { told: Told; part: 'message' | 'hint' }) {
  const words = useErrorWords()(told);
  return part === 'message' ? words.message : [words.exact, words.hint].filter(Boolean).join(' ');
}
