import type { ExportRow } from '../bindings/ExportRow';
import type { Startup } from '../bindings/Startup';
import classes from './StatusBar.module.css';

interface Props {
  startup: Startup;
  exports: ExportRow[];
}

/** The active job, always in sight; the age of the index. */
export function StatusBar({ startup }: Props) {
  return <footer className={classes.bar}>{startup.version}</footer>;
}
