import { ActionIcon, Button } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { askToConnect } from '../../api/connecting';
import { keepRoots, useRecent, useRegistry } from '../../api/registry';
import { useFormat } from '../../app/FormatContext';
import { useNow } from '../../app/useNow';
import type { DataRootView } from '../../bindings/DataRootView';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { OddityReport } from '../../bindings/OddityReport';
import type { Startup } from '../../bindings/Startup';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toast } from '../../components/toast';
import { useErrorWords } from '../../errors/words';
import { useHost } from '../../host/context';
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

      {open && <Roots />}
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

/** Folders that the registry names: there, elsewhere, or to be located. */
function Roots() {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const roots = useQuery({ queryKey: keys.dataRoots, queryFn: () => host.call('data_roots', {}) });
  const [busy, setBusy] = useState<number | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const locate = async (id: number) => {
    setBusy(id);
    setProblem(null);
    try {
      const before = roots.data?.roots;
      const after = await host.call('locate_data_root', { id });
      keepRoots(client, after);
      const here = after.roots.find((root) => root.id === id);
      const was = before?.find((root) => root.id === id);
      if (here && here.problem === null && here.location !== was?.location)
        toast({ message: t('settings.registries.located'), detail: here.location ?? '', tone: 'good' });
    } catch (error) {
      setProblem(reportOf(error));
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      <h3 className={classes.subheading}>{t('settings.registries.roots')}</h3>
      <p className={classes.lead}>{t('settings.registries.rootsAbout')}</p>
      {roots.isError && (
        <ErrorNotice
          report={reportOf(roots.error)}
          action={{ label: t('common.retry'), onClick: () => void roots.refetch() }}
        />
      )}
      {problem && <ErrorNotice report={problem} />}
      {roots.data?.roots.length === 0 && <p className={classes.lead}>{t('settings.registries.noRoots')}</p>}
      <ul className={classes.list}>
        {roots.data?.roots.map((root) => (
          <Root key={root.id} root={root} busy={busy === root.id} onLocate={() => void locate(root.id)} />
        ))}
      </ul>
    </>
  );
}

function Root({ root, busy, onLocate }: { root: DataRootView; busy: boolean; onLocate: () => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const what =
    root.prefix === ''
      ? t('settings.registries.rootAll')
      : t('settings.registries.rootPrefix', { prefix: root.prefix });
  return (
    <li className={classes.item}>
      <div className={classes.itemText}>
        <span className={`name ${classes.itemName}`}>{what}</span>
        <span className={`selectable ${classes.path}`}>
          {root.location ?? t('settings.registries.rootNowhere')}
        </span>
        <span className={classes.state} data-bad={root.problem !== null || undefined}>
          {root.problem ? (
            <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
          ) : (
            <IconCircleCheck size={14} stroke={1.75} aria-hidden />
          )}
          {root.problem ? t('settings.registries.rootProblem') : t('settings.registries.rootHere')}
          {root.located && ` · ${t('settings.registries.rootLocated')}`}
        </span>
        {root.problem && (
          <span className={classes.dim}>
            {words(root.problem).message} {words(root.problem).hint}
          </span>
        )}
      </div>
      <Button
        variant="default"
        loading={busy}
        aria-label={t('settings.registries.locateOf', { what })}
        onClick={onLocate}
      >
        {t('settings.registries.locate')}
      </Button>
    </li>
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
