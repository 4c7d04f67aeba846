import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useSilent } from './silence';
import classes from './SilentBanner.module.css';

/** Says that Rust does not answer, instead of freezing; and what helps, where that is not only to wait. */
export function SilentBanner({ next }: { next?: string }) {
  const { t } = useTranslation();
  const silent = useSilent();
  if (!silent) return null;
  return (
    <div className={classes.banner} role="alert" data-testid="silent">
      <IconPlugConnectedX size={16} stroke={1.75} aria-hidden />
      <strong>{t('common.silent.title')}</strong>
      <span>{next ?? t('common.silent.body')}</span>
    </div>
  );
}
