import { Button } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import { useRegistry } from '../../api/registry';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { toast } from '../../components/toast';
import { Row } from './Row';

interface Props {
  registry: OpenRegistry;
  /** What is under way in these settings, if anything is. */
  busy: string | null;
  attempt: (what: string, run: () => Promise<unknown>) => void;
}

/** For whom the source of the open registry is kept here; nothing where none is, or one without users. */
export function KeptForRow({ registry, busy, attempt }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const { keepFor } = useRegistry();
  if (!registry.kept_for) return null;
  const only = registry.kept_for.user;
  const wanted = only === null ? registry.user : null;
  const keep = () =>
    attempt('keep', async () => {
      await keepFor(wanted);
      const message =
        wanted === null
          ? t('settings.registries.kept.nowAll')
          : t('settings.registries.kept.nowOnly', { user: wanted });
      toast({ message, tone: 'good' });
    });
  return (
    <Row
      id={`${id}-kept`}
      label={t('settings.registries.kept.title')}
      about={
        <>
          {only === null
            ? t('settings.registries.kept.everybody')
            : t('settings.registries.kept.only', { user: only })}
          {only === null && wanted === null && ` ${t('settings.registries.kept.owner')}`}
        </>
      }
    >
      {(only !== null || wanted !== null) && (
        <Button variant="default" loading={busy === 'keep'} disabled={busy !== null} onClick={keep}>
          {wanted === null
            ? t('settings.registries.kept.keepAll')
            : t('settings.registries.kept.keepOnly', { user: wanted })}
        </Button>
      )}
    </Row>
  );
}
