import { useTranslation } from 'react-i18next';

import type { Startup } from '../../bindings/Startup';

export function SettingsPage({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  return <h1 title={startup.version}>{t('common.pages.settings')}</h1>;
}
