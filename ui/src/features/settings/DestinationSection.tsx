import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { useFormat } from '../../app/FormatContext';
import type { ErrorReport } from '../../bindings/ErrorReport';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { useHost } from '../../host/context';
import { Row } from './Row';
import classes from './SettingsPage.module.css';

/** The folder that archives go to. */
export function DestinationSection() {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const format = useFormat();
  const id = useId();
  const destination = useQuery({ queryKey: keys.destination, queryFn: () => host.call('destination', {}) });
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<ErrorReport | null>(null);
  const choose = async () => {
    setBusy(true);
    setFailed(null);
    try {
      const chosen = await host.call('choose_destination', {});
      if (chosen) client.setQueryData(keys.destination, chosen);
    } catch (error) {
      setFailed(reportOf(error));
    } finally {
      setBusy(false);
    }
  };
  const at = destination.data;
  const problem = failed ?? at?.problem ?? (destination.isError ? reportOf(destination.error) : null);
  return (
    <>
      <p className={classes.lead}>{t('settings.destination.about')}</p>
      <Row
        label={at?.folder ?? t('settings.destination.none')}
        about={
          at && (
            <>
              {at.free_bytes !== null && (
                <span title={format.exactBytes(at.free_bytes)}>
                  {t('settings.destination.free', { size: format.bytes(at.free_bytes) })}
                </span>
              )}
              {at.largest_file !== null && (
                <span className={`${classes.block} ${classes.warn}`}>
                  {t('settings.destination.largest', { size: format.bytes(at.largest_file) })}
                </span>
              )}
            </>
          )
        }
        id={id}
      >
        <Button variant="default" loading={busy} onClick={() => void choose()}>
          {t('settings.destination.choose')}
        </Button>
      </Row>
      {problem && <ErrorNotice report={problem} />}
    </>
  );
}
