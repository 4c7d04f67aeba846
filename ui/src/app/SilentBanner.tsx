import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useSilent } from './silence';
import classes from './SilentBanner.module.css';

/** Says that Rust does not answer, instead of freezing. */
export function SilentBanner() {
  const { t } = useTranslation();
  const silent = useSilent();
  if (!silent) return null;
  return (
    <div className={classes.banner} role="alert" data-testid="silent">
      <IconPlugConnectedX size={16} stroke={1.75} aria-hidden />
      <strong>{t('common.silent.title')}</strong>
      <span>{t('common.silent.body')}</span>
    </div>
  );
}
