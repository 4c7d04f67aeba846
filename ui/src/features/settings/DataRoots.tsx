import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { keepRoots } from '../../api/registry';
import { useFormat } from '../../app/FormatContext';
import type { DataRoots as Roots } from '../../bindings/DataRoots';
import type { DataRootView } from '../../bindings/DataRootView';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { RootCheck } from '../../bindings/RootCheck';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toast } from '../../components/toast';
import { causeWord, useErrorWords } from '../../errors/words';
import { useHost } from '../../host/context';
import { BucketDialog } from './BucketDialog';
import classes from './SettingsPage.module.css';

/** Where the files of the registry lie: there, elsewhere, or to be located; some of them looked at. */
export function DataRoots() {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const roots = useQuery({ queryKey: keys.dataRoots, queryFn: () => host.call('data_roots', {}) });
  const [busy, setBusy] = useState<number | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [checks, setChecks] = useState<Partial<Record<number, RootCheck | 'looking'>>>({});
  const [bucketOf, setBucketOf] = useState<DataRootView | null>(null);

  const told = (id: number, check: RootCheck | 'looking' | undefined) =>
    setChecks((now) => ({ ...now, [id]: check }));
  const check = async (id: number) => {
    told(id, 'looking');
    setProblem(null);
    try {
      told(id, await host.call('check_data_root', { id }));
    } catch (error) {
      told(id, undefined);
      setProblem(reportOf(error));
    }
  };
  /** What is known of all of them now; `true` where this one has moved to where it can be looked at. */
  const keep = (after: Roots, id: number): boolean => {
    const was = roots.data?.roots.find((root) => root.id === id);
    const here = after.roots.find((root) => root.id === id);
    keepRoots(client, after);
    if (here?.location !== was?.location) told(id, undefined);
    return here !== undefined && here.problem === null && here.location !== was?.location;
  };
  const locate = async (id: number) => {
    setBusy(id);
    setProblem(null);
    try {
      const after = await host.call('locate_data_root', { id });
      if (keep(after, id)) {
        const location = after.roots.find((root) => root.id === id)?.location ?? '';
        toast({ message: t('settings.registries.located'), detail: location, tone: 'good' });
        void check(id);
      }
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
          <Root
            key={root.id}
            root={root}
            check={checks[root.id]}
            busy={busy === root.id}
            onCheck={() => void check(root.id)}
            onLocate={() => void locate(root.id)}
            onBucket={() => setBucketOf(root)}
          />
        ))}
      </ul>
      {bucketOf && (
        <BucketDialog
          root={bucketOf}
          onClose={() => setBucketOf(null)}
          onUsed={(after) => {
            keep(after, bucketOf.id);
            setBucketOf(null);
            toast({ message: t('settings.registries.bucket.used'), tone: 'good' });
            void check(bucketOf.id);
          }}
        />
      )}
    </>
  );
}

interface RootProps {
  root: DataRootView;
  check: RootCheck | 'looking' | undefined;
  busy: boolean;
  onCheck: () => void;
  onLocate: () => void;
  onBucket: () => void;
}

function Root({ root, check, busy, onCheck, onLocate, onBucket }: RootProps) {
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
          {root.located &&
            ` · ${root.bucket ? t('settings.registries.rootSet') : t('settings.registries.rootLocated')}`}
        </span>
        {root.problem && (
          <span className={classes.dim}>
            {words(root.problem).message} {words(root.problem).hint}
          </span>
        )}
        <div aria-live="polite" data-testid={`check-${root.id}`}>
          {check === 'looking' && <span className={classes.dim}>{t('settings.registries.checking')}</span>}
          {check !== undefined && check !== 'looking' && <Checked check={check} />}
        </div>
      </div>
      {root.location !== null && (
        <Button
          variant="default"
          aria-disabled={check === 'looking'}
          aria-label={t('settings.registries.checkOf', { what })}
          onClick={() => check !== 'looking' && onCheck()}
        >
          {t('settings.registries.check')}
        </Button>
      )}
      <Button
        variant="default"
        loading={busy}
        aria-label={t('settings.registries.locateOf', { what })}
        onClick={onLocate}
      >
        {t('settings.registries.locate')}
      </Button>
      <Button variant="default" aria-label={t('settings.registries.inBucketOf', { what })} onClick={onBucket}>
        {t('settings.registries.inBucket')}
      </Button>
    </li>
  );
}

/** What came of looking at some files. */
export function Checked({ check }: { check: RootCheck }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useErrorWords();
  const { sampled, found, other_size, missed, problem } = check;
  const whole = problem === null && found === sampled;
  const told = problem && words(problem);
  const some = (files: string[]) => files.slice(0, 4).join(', ') + (files.length > 4 ? ', …' : '');
  const absent = missed.map(({ id, code }) =>
    t('settings.registries.missedFile', { id, why: causeWord(code, t) }),
  );
  const resized = other_size.map(({ id, bytes, registered }) =>
    t('settings.registries.resizedFile', {
      id,
      bytes: format.exactBytes(bytes),
      registered: format.exactBytes(registered),
    }),
  );
  return (
    <>
      <span className={classes.state} data-bad={!whole || undefined}>
        {whole ? (
          <IconCircleCheck size={14} stroke={1.75} aria-hidden />
        ) : (
          <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
        )}
        {sampled === 0 && problem === null
          ? t('settings.registries.sampledNone')
          : t('settings.registries.sampled', {
              count: sampled,
              n: format.count(sampled),
              found: format.count(found),
            })}
      </span>
      {told ? (
        <span className={classes.dim}>
          {told.message} {told.hint}
        </span>
      ) : (
        <>
          {resized.length > 0 && (
            <span className={`${classes.dim} ${classes.block}`}>
              {t('settings.registries.otherSize', { count: resized.length, files: some(resized) })}
            </span>
          )}
          {absent.length > 0 && (
            <span className={`${classes.dim} ${classes.block}`}>
              {t('settings.registries.missed', { files: some(absent) })}
            </span>
          )}
        </>
      )}
    </>
  );
}
