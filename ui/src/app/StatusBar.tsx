import { IconChevronRight, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useRegistry } from '../api/registry';
import type { ExportRow } from '../bindings/ExportRow';
import type { Startup } from '../bindings/Startup';
import { toastError } from '../components/toast';
import { activeJob, standingOf, toneOf } from '../features/exports/model';
import { HashesLine } from '../features/image-folder/HashesLine';
import { useTurns } from '../features/exports/useTurns';
import { paceParts, stateWord } from '../features/exports/words';
import { useFormat } from './FormatContext';
import { goTo } from './page';
import { useNow } from './useNow';
import classes from './StatusBar.module.css';

interface Props {
  startup: Startup;
  exports: ExportRow[];
}

/** The active job, always in sight; the age of the index. And the voice that says what exports come to. */
export function StatusBar({ startup, exports }: Props) {
  const { t } = useTranslation();
  const said = useTurns();
  return (
    <footer className={classes.bar} aria-label={t('exports.bar.label')}>
      <Job exports={exports} />
      <HashesLine registry={startup.registry} waits={activeJob(exports).shown !== undefined} />
      <Index startup={startup} />
      <div className="visually-hidden" role="status" aria-live="polite" data-testid="said">
        {said}
      </div>
    </footer>
  );
}

function Job({ exports }: { exports: ExportRow[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { shown, running, queued } = activeJob(exports);
  if (!shown) return <div className={classes.idle}>{t('exports.bar.idle')}</div>;
  const state = standingOf(shown);
  const more = [
    ...(running > 0 ? [t('exports.bar.more', { count: running, n: format.count(running) })] : []),
    ...(queued > 0 ? [t('exports.bar.queued', { count: queued, n: format.count(queued) })] : []),
  ];
  return (
    <button
      type="button"
      className={classes.job}
      title={t('exports.bar.go', { name: shown.name })}
      onClick={() => goTo('exports', shown.id)}
    >
      <span className={classes.dot} data-tone={toneOf(state)} aria-hidden />
      <span className={`name ${classes.name ?? ''}`}>{shown.name}</span>
      <span>{stateWord(shown, t, format)}</span>
      {paceParts(shown, t, format).map((part) => (
        <span key={part}>{part}</span>
      ))}
      {more.length > 0 && <span className={classes.more}>{more.join(' · ')}</span>}
      <IconChevronRight size={14} stroke={1.75} aria-hidden />
    </button>
  );
}

function Index({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  const { refresh: refreshed } = useRegistry();
  const format = useFormat();
  const now = useNow();
  const [refreshing, setRefreshing] = useState(false);
  const { registry } = startup;
  if (!registry) return null;

  const refresh = async () => {
    setRefreshing(true);
    try {
      await refreshed();
    } catch (error) {
      toastError(error);
    } finally {
      setRefreshing(false);
    }
  };
  const time = registry.synced_at ?? registry.opened_at;
  const title = t(registry.synced_at === null ? 'exports.bar.indexTitle' : 'exports.bar.syncedTitle', {
    when: format.exactTime(time),
  });
  return (
    <div className={classes.index}>
      {(registry.changed || refreshing) && (
        <>
          <span className={classes.changed}>{t('exports.bar.changed')}</span>
          <button
            type="button"
            className={classes.refresh}
            disabled={refreshing}
            onClick={() => void refresh()}
          >
            <IconRefresh size={14} stroke={1.75} aria-hidden />
            {refreshing ? t('exports.bar.refreshing') : t('exports.bar.refresh')}
          </button>
        </>
      )}
      <span title={`${title}\n${time}`}>{t('exports.bar.index', { when: format.ago(time, now) })}</span>
    </div>
  );
}
