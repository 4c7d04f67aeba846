import { ActionIcon, Button } from '@mantine/core';
import { IconAlertTriangle, IconX } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { askToConnect } from '../../api/connecting';
import { useRecent, useRegistry } from '../../api/registry';
import { useFormat } from '../../app/FormatContext';
import { useNow } from '../../app/useNow';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { OddityReport } from '../../bindings/OddityReport';
import type { Startup } from '../../bindings/Startup';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toast } from '../../components/toast';
import { FolderSettings } from '../image-folder/FolderSettings';
import { DataRoots } from './DataRoots';
import { KeptForRow } from './KeptForRow';
import { Row } from './Row';
import { settings } from './strings.en';
import classes from './SettingsPage.module.css';

/** The open registry, where its files lie, and those that were opened before. */
export function RegistriesSection({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const id = useId();
  const registry = useRegistry();
  const recent = useRecent(startup);
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const open = startup.registry;

  const attempt = (what: string, run: () => Promise<unknown>) => {
    setBusy(what);
    setProblem(null);
    void run()
      .catch((error: unknown) => setProblem(reportOf(error)))
      .finally(() => setBusy(null));
  };

  return (
    <>
      <Row
        label={open ? open.name : t('settings.registries.none')}
        about={
          open && (
            <>
              <span className={`selectable ${classes.path}`}>{open.path}</span>
              <span className={classes.block}>
                {open.synced_at === null
                  ? t('settings.registries.read', { when: format.ago(open.opened_at, now) })
                  : t('settings.registries.synced', { when: format.ago(open.synced_at, now) })}
              </span>
            </>
          )
        }
        id={`${id}-open`}
      >
        {open && (
          <>
            <Button
              variant="default"
              loading={busy === 'refresh'}
              disabled={busy !== null}
              onClick={() => attempt('refresh', registry.refresh)}
            >
              {t('settings.registries.refresh')}
            </Button>
            <Button
              variant="default"
              disabled={busy !== null}
              onClick={() => attempt('close', registry.close)}
            >
              {t('settings.registries.close')}
            </Button>
          </>
        )}
        <Button
          variant="default"
          loading={busy === 'open'}
          disabled={busy !== null}
          onClick={() => attempt('open', registry.open)}
        >
          {open ? t('settings.registries.openAnother') : t('settings.registries.openOne')}
        </Button>
        <Button variant="default" disabled={busy !== null} onClick={() => askToConnect()}>
          {t('settings.registries.connect')}
        </Button>
      </Row>
      {problem && <ErrorNotice report={problem} />}
      {!problem && open?.refresh_problem && (
        <section aria-label={t('settings.registries.stale')}>
          <p className={classes.lead}>
            {t('settings.registries.staleAbout', { when: format.ago(open.refresh_problem.at, now) })}
          </p>
          <ErrorNotice report={open.refresh_problem.report} />
        </section>
      )}

      {open && <KeptForRow registry={open} busy={busy} attempt={attempt} />}
      {open && <FolderSettings registry={open} />}
      {open && <DataRoots key={open.id} />}
      {open && open.oddities.length > 0 && <Oddities oddities={open.oddities} />}

      <h3 className={classes.subheading}>{t('settings.registries.recent')}</h3>
      {recent.length === 0 && <p className={classes.lead}>{t('settings.registries.noRecent')}</p>}
      <ul className={classes.list}>
        {recent.map((each) => {
          const current = each.id === open?.id;
          return (
            <li key={each.id} className={classes.item}>
              <div className={classes.itemText}>
                <span className={`name ${classes.itemName}`}>{each.name}</span>
                <span className={`selectable ${classes.path}`}>{each.path}</span>
                <span className={classes.dim}>
                  {current
                    ? t('settings.registries.current')
                    : t('settings.registries.opened', { when: format.ago(each.opened_at, now) })}
                </span>
                {each.present !== true && !current && (
                  <span className={classes.state} data-bad>
                    <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
                    {each.present === false
                      ? t('settings.registries.missing')
                      : t('settings.registries.notTold')}
                  </span>
                )}
              </div>
              {!current && (
                <>
                  <Button
                    variant="default"
                    aria-label={t('settings.registries.openNamed', { name: each.name })}
                    loading={busy === each.id}
                    disabled={busy !== null}
                    onClick={() => attempt(each.id, () => registry.openRecent(each))}
                  >
                    {t('settings.registries.openThis')}
                  </Button>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={t('settings.registries.remove', { name: each.name })}
                    onClick={() =>
                      attempt(`remove ${each.id}`, async () => {
                        await registry.forgetRecent(each.id);
                        toast({ message: t('settings.registries.removed', { name: each.name }) });
                      })
                    }
                  >
                    <IconX size={16} stroke={1.75} aria-hidden />
                  </ActionIcon>
                </>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** What was odd when the source was read: told with counts, and some rows to look at. */
function Oddities({ oddities }: { oddities: readonly OddityReport[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { codes } = settings.registries.odd;
  const wordOf = (code: string) =>
    code in codes ? t(`settings.registries.odd.codes.${code as keyof typeof codes}`) : code;
  return (
    <>
      <h3 className={classes.subheading}>{t('settings.registries.odd.title')}</h3>
      <p className={classes.lead}>{t('settings.registries.odd.about')}</p>
      <ul className={classes.list} data-testid="oddities">
        {oddities.map(({ code, count, examples }) => (
          <li key={code} className={classes.item}>
            <div className={classes.itemText}>
              <span className={classes.itemName}>{wordOf(code)}</span>
              {examples.length > 0 && (
                <span className={`selectable ${classes.path}`}>
                  {t('settings.registries.odd.such', { examples: examples.join('; ') })}
                </span>
              )}
            </div>
            <span className={classes.count}>{format.count(count)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
