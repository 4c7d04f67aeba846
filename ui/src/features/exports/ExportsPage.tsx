import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import type { ExportRows } from '../../bindings/ExportRows';

export function ExportsPage({ exports }: { exports: UseQueryResult<ExportRows> }) {
  const { t } = useTranslation();
  return (
    <h1>
      {t('common.pages.exports')} {exports.data?.exports.length}
    </h1>
  );
}
