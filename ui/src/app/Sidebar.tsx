import { IconCirclePlus, IconPackages, IconReportMedical, IconSettings } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { ExportRow } from '../bindings/ExportRow';
import type { Startup } from '../bindings/Startup';
import { goTo, type Page } from './page';
import { RegistrySwitcher } from './RegistrySwitcher';
import classes from './Sidebar.module.css';

interface Props {
  page: Page;
  startup: Startup;
  exports: ExportRow[];
}

export function Sidebar({ page, startup, exports }: Props) {
  const { t } = useTranslation();
  const running = exports.filter((row) => row.status === 'pending' || row.status === 'processing').length;
  const failed = exports.filter((row) => row.status === 'failed' || row.status === 'interrupted').length;
  const link = (
    to: Page,
    label: string,
    Icon: typeof IconSettings,
    badge?: { text: string; says: string; bad: boolean },
  ) => (
    <a
      href={`#${to}`}
      className={classes.link}
      aria-current={page === to ? 'page' : undefined}
      onClick={(event) => {
        event.preventDefault();
        goTo(to);
      }}
    >
      <Icon size={16} stroke={1.75} aria-hidden />
      <span className={classes.label}>{label}</span>
      {badge && (
        <span className={classes.badge} data-bad={badge.bad || undefined} title={badge.says}>
          <span aria-hidden>{badge.text}</span>
          <span className="visually-hidden">{badge.says}</span>
        </span>
      )}
    </a>
  );
  const badge =
    running > 0
      ? { text: String(running), says: t('common.runningBadge', { count: running }), bad: false }
      : failed > 0
        ? { text: String(failed), says: t('common.failedBadge', { count: failed }), bad: true }
        : undefined;

  return (
    <nav className={classes.sidebar} aria-label={t('common.navigation')}>
      {link('new-export', t('common.pages.newExport'), IconCirclePlus)}
      {link('exports', t('common.pages.exports'), IconPackages, badge)}
      {link('studies', t('common.pages.studies'), IconReportMedical)}
      <div className={classes.space} />
      <RegistrySwitcher startup={startup} />
      {link('settings', t('common.pages.settings'), IconSettings)}
    </nav>
  );
}
