import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconFileAlert,
  IconFileUnknown,
  IconHourglassHigh,
  IconPlayerPause,
  IconProgress,
  IconProgressX,
} from '@tabler/icons-react';

import { toneOf, type Standing } from './model';
import classes from './standing.module.css';

const ICONS: Record<Standing, typeof IconClock> = {
  queued: IconClock,
  preparing: IconProgress,
  writing: IconProgress,
  verifying: IconProgress,
  publishing: IconProgress,
  running: IconProgress,
  stalled: IconHourglassHigh,
  cancelling: IconProgressX,
  done: IconCircleCheck,
  problems: IconAlertTriangle,
  missing: IconFileUnknown,
  altered: IconFileAlert,
  failed: IconCircleX,
  cancelled: IconCircleDashed,
  interrupted: IconPlayerPause,
};

/** The icon of a state in its colour; the word stands beside it. */
export function StandingIcon({ standing, size = 18 }: { standing: Standing; size?: number }) {
  const Icon = ICONS[standing];
  return (
    <span className={classes.icon} data-tone={toneOf(standing)} aria-hidden>
      <Icon size={size} stroke={1.75} />
    </span>
  );
}
