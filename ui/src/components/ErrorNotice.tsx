import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import type { ErrorReport } from '../bindings/ErrorReport';
import { useErrorWords } from '../errors/words';
import { HostError } from '../host/types';
import classes from './ErrorNotice.module.css';

/** What went wrong as a report, whatever was thrown. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof HostError) return error.report;
  return {
    code: 'INTERNAL',
    message: error instanceof Error ? error.message : String(error),
    hint: '',
    details: [],
  };
}

interface Props {
  report: ErrorReport;
  /** Something that would help, as a button. */
  action?: { label: string; onClick: () => void } | undefined;
  children?: ReactNode;
}

/** An error in its place: what happened, what to do next, the code. */
export function ErrorNotice({ report, action, children }: Props) {
  const { message, exact, hint } = useErrorWords()(report);
  return (
    <div className={classes.notice} role="alert">
      <IconAlertTriangle size={16} stroke={1.75} aria-hidden className={classes.icon} />
      <div className={classes.text}>
        <p className={classes.message}>{message}</p>
        {exact !== null && (
          <p className={classes.exact} lang="en">
            {exact}
          </p>
        )}
        {hint !== '' && <p className={classes.hint}>{hint}</p>}
        <p className={classes.code}>
          <code>{report.code}</code>
        </p>
        {children}
      </div>
      {action && (
        <Button variant="default" className={classes.action} onClick={action.onClick}>
          {action.label}
        </Button>
      )}
    </div>
  );
}
