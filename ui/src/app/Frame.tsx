import { useQueryClient } from '@tanstack/react-query';
import { Activity, useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { applyEvent } from '../api/events';
import { useExports } from '../api/exports';
import { HASHES_TASK } from '../api/imageFolder';
import { keys } from '../api/keys';
import { keepRoots, useRegistry } from '../api/registry';
import { SOURCE_TASK, taskEnded, useFoundTasks } from '../api/tasks';
import type { Startup } from '../bindings/Startup';
import { ConnectDialog } from '../features/connect/ConnectDialog';
import { ExportsPage } from '../features/exports/ExportsPage';
import { FirstRun } from '../features/first-run/FirstRun';
import { DraftProvider } from '../features/new-export/draft';
import { ImageFolderDialog } from '../features/image-folder/ImageFolderDialog';
import { NewExportPage } from '../features/new-export/NewExportPage';
import { SettingsPage } from '../features/settings/SettingsPage';
import { StudiesPage } from '../features/studies/StudiesPage';
import { toastError } from '../components/toast';
import { useHost } from '../host/context';
import { PageBoundary } from './PageBoundary';
import { QuitDialog, askToQuit } from './QuitDialog';
import { goTo, usePage } from './page';
import { ReadingSource } from './ReadingSource';
import { Shortcuts } from './Shortcuts';
import { Sidebar } from './Sidebar';
import { SilentBanner } from './SilentBanner';
import { heard } from './silence';
import { StatusBar } from './StatusBar';
import classes from './Frame.module.css';

/** Sidebar, page, status bar; and the one listener for what Rust tells. */
export function Frame({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const page = usePage();
  const { startAgain, makeDemo } = useRegistry();
  useFoundTasks(['demo'], (task) => void makeDemo(task).catch(toastError), { asks: true });
  // What changes is told from then on: a list that was asked for before could miss it.
  const [listening, setListening] = useState(false);
  const exports = useExports({ asks: listening });

  useEffect(() => {
    const listens = host.listen((event) => {
      heard();
      applyEvent(client, event);
      if (event.type === 'source_read') taskEnded(SOURCE_TASK);
      if (event.type === 'hashes_ended') {
        taskEnded(HASHES_TASK);
        void client.invalidateQueries({ queryKey: keys.imageFolder });
      }
      if (event.type === 'quit_asked') askToQuit(event.active);
      if (event.type === 'show_export') goTo('exports', event.id);
      if (event.type === 'registry_opened') startAgain().then(() => goTo('new-export'), toastError);
      if (event.type === 'registry_changed')
        client.setQueryData<Startup>(keys.startup, (old) =>
          old?.registry ? { ...old, registry: { ...old.registry, changed: true } } : old,
        );
    });
    const done = () => setListening(true);
    listens.then(done, done);
  }, [host, client, startAgain]);

  // What cannot be told of them now is told by what needs it.
  const lookForRoots = useEffectEvent(() => {
    if (startup.registry)
      host.call('data_roots', {}).then(
        (roots) => keepRoots(client, roots),
        () => undefined,
      );
  });
  // Somebody comes back from the file manager: what they did to files there is seen.
  useEffect(() => {
    const look = () => {
      for (const queryKey of [keys.exports, keys.destination]) void client.invalidateQueries({ queryKey });
      // A disk was connected, or taken away.
      lookForRoots();
    };
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
  }, [client]);
  // Folders were looked at when it was opened; a bucket takes longer than that may.
  const hasBuckets = startup.registry?.has_buckets === true;
  useEffect(() => {
    if (hasBuckets) lookForRoots();
  }, [hasBuckets, startup.registry?.id]);

  return (
    <div className={classes.frame}>
      <a href="#content" className={classes.skip} onClick={(event) => skip(event)}>
        {t('common.skipToContent')}
      </a>
      <SilentBanner />
      <Sidebar page={page} startup={startup} exports={exports.data?.exports ?? []} />
      <main id="content" tabIndex={-1} className={classes.content}>
        <Activity mode={page === 'new-export' ? 'visible' : 'hidden'}>
          <PageBoundary>
            <DraftProvider>
              {startup.registry ? (
                <NewExportPage
                  key={`${startup.registry.id}/${startup.registry.project ?? ''}/${startup.registry.user ?? ''}`}
                  registry={startup.registry}
                />
              ) : (
                <FirstRun startup={startup} />
              )}
            </DraftProvider>
          </PageBoundary>
        </Activity>
        <Activity mode={page === 'exports' ? 'visible' : 'hidden'}>
          <PageBoundary>
            <ExportsPage exports={exports} registry={startup.registry} />
          </PageBoundary>
        </Activity>
        <Activity mode={page === 'studies' ? 'visible' : 'hidden'}>
          <PageBoundary>
            <StudiesPage
              key={startup.registry ? `${startup.registry.id}/${startup.registry.user ?? ''}` : ''}
              registry={startup.registry}
            />
          </PageBoundary>
        </Activity>
        <Activity mode={page === 'settings' ? 'visible' : 'hidden'}>
          <PageBoundary>
            <SettingsPage startup={startup} />
          </PageBoundary>
        </Activity>
      </main>
      <StatusBar startup={startup} exports={exports.data?.exports ?? []} />
      <Shortcuts startup={startup} />
      <QuitDialog />
      <ConnectDialog startup={startup} />
      <ReadingSource />
      <ImageFolderDialog />
    </div>
  );
}

function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
