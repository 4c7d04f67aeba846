import { Loader, MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { I18nextProvider, useTranslation } from 'react-i18next';

import { makeQueryClient } from '../api/client';
import { keys } from '../api/keys';
import { keepRegistry } from '../api/registry';
import type { Preferences } from '../bindings/Preferences';
import type { Startup } from '../bindings/Startup';
import { ErrorNotice, reportOf } from '../components/ErrorNotice';
import { makeFormat } from '../format/format';
import { cleanLocale, localeFor } from '../format/locale';
import { HostContext, useHost } from '../host/context';
import type { Host } from '../host/types';
import { languageFor, makeI18n } from '../i18n';
import { makeTheme, MESSAGES, resolver } from '../theme/theme';
import { FormatContext } from './FormatContext';
import { Frame } from './Frame';
import { watchKeys } from './keysLead';
import { SilentBanner } from './SilentBanner';
import { heard, useSilent } from './silence';
import { useDesktopDark } from './useDesktopDark';
import classes from './App.module.css';

/** In milliseconds: what takes less shall not flash a word of waiting. */
const BLINK = 400;

interface AppProps {
  host: Host;
  /** How to begin, where it was asked already. */
  begun?: Promise<Startup>;
}

/** The whole page on top of a host. */
export function App({ host, begun }: AppProps) {
  const [client] = useState(makeQueryClient);
  useEffect(() => watchKeys(document.documentElement), []);
  return (
    <HostContext value={host}>
      <QueryClientProvider client={client}>
        <Begun asked={begun} />
      </QueryClientProvider>
    </HostContext>
  );
}

/** Asks how to begin; that takes less than a blink, unless a registry has to be read first. */
function Begun({ asked }: { asked: Promise<Startup> | undefined }) {
  const host = useHost();
  const client = useQueryClient();
  const early = useRef(asked);
  const isLate = useIsLate();
  const startup = useQuery({
    queryKey: keys.startup,
    queryFn: async () => {
      const answer = early.current ?? host.call('start', {});
      early.current = undefined;
      const begun = await answer;
      keepRegistry(client, begun.registry);
      return begun;
    },
  });
  if (startup.isPending)
    return !isLate ? null : (
      <Looks preferences={undefined} desktopLanguage={navigator.language}>
        <Beginning />
      </Looks>
    );
  if (startup.isError)
    return (
      <Looks preferences={undefined} desktopLanguage={navigator.language}>
        <main className={classes.alone}>
          <NotBegun error={startup.error} onRetry={() => void startup.refetch()} />
        </main>
      </Looks>
    );
  return <Ready startup={startup.data} />;
}

/** Why it could not begin, in the language of the desktop. */
function NotBegun({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  return <ErrorNotice report={reportOf(error)} action={{ label: t('common.retry'), onClick: onRetry }} />;
}

/** Whether it has taken longer than a blink. */
function useIsLate(): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), BLINK);
    return () => clearTimeout(timer);
  }, []);
  return isLate;
}

/** A registry is being read, unless Rust does not even say that it lives. */
function Beginning() {
  const { t } = useTranslation();
  const host = useHost();
  const silent = useSilent();
  useEffect(() => {
    // Until the frame listens.
    host.listen(heard).catch(() => undefined);
  }, [host]);
  if (silent)
    return (
      <main>
        <SilentBanner next={t('common.silent.beginning')} />
      </main>
    );
  return (
    <main className={classes.beginning} role="status">
      <Loader size="sm" />
      {t('common.beginning')}
    </main>
  );
}

function Ready({ startup }: { startup: Startup }) {
  return (
    <Looks preferences={startup.preferences} desktopLanguage={startup.desktop_language}>
      <Frame startup={startup} />
    </Looks>
  );
}

interface LooksProps {
  preferences: Preferences | undefined;
  desktopLanguage: string;
  children: ReactNode;
}

/** Colours, language and locale, as preferred. */
function Looks({ preferences, desktopLanguage, children }: LooksProps) {
  const desktopDark = useDesktopDark();
  const appearance = preferences?.appearance ?? 'system';
  const scheme = appearance === 'system' ? (desktopDark ? 'dark' : 'light') : appearance;
  const language = languageFor(preferences?.language ?? '', desktopLanguage);
  const i18n = useMemo(() => makeI18n(language), [language]);
  const theme = useMemo(() => makeTheme(i18n.t('common.close')), [i18n]);
  const format = useMemo(
    () => makeFormat(localeFor(language, desktopLanguage || cleanLocale(navigator.language))),
    [language, desktopLanguage],
  );
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      forceColorScheme={scheme}
      env={import.meta.env.MODE === 'test' ? 'test' : 'default'}
    >
      <I18nextProvider i18n={i18n}>
        <FormatContext value={format}>
          <ModalsProvider>
            {/* Beside the sidebar, above the foot of the page: what they hide scrolls, and no button is under them. */}
            <Notifications
              position="bottom-left"
              limit={4}
              zIndex={MESSAGES}
              classNames={{ root: classes.toasts ?? '' }}
            />
            {children}
          </ModalsProvider>
          {/* Mantine puts menus, dialogs and toasts here: a landmark, so that none is outside of all. */}
          <div data-mantine-shared-portal-node role="region" aria-label={i18n.t('common.overlays')} />
        </FormatContext>
      </I18nextProvider>
    </MantineProvider>
  );
}
