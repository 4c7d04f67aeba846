import { Button, SegmentedControl, Switch } from '@mantine/core';
import { IconBell, IconBellOff } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { memo, useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { usePage, usePageDetail, goTo } from '../../app/page';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { Preferences } from '../../bindings/Preferences';
import type { SettingsView } from '../../bindings/SettingsView';
import type { Startup } from '../../bindings/Startup';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { LANGUAGES } from '../../i18n';
import { DestinationSection } from './DestinationSection';
import { LimitsSection } from './LimitsSection';
import { RegistriesSection } from './RegistriesSection';
import { Row } from './Row';
import { SECTIONS, type Section } from './sections';
import { usePreference } from './usePreference';
import classes from './SettingsPage.module.css';

/** One calm page; the sections beside it lead to their places. */
export const SettingsPage = memo(function SettingsPage({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  const host = useHost();
  const settings = useQuery({ queryKey: keys.settings, queryFn: () => host.call('settings', {}) });
  const page = useRef<HTMLDivElement>(null);
  const section = useSection(page);
  const view = settings.data;
  const { preferences } = startup;

  return (
    <div ref={page} className={classes.page} data-testid="settings">
      <div className={classes.columns}>
        <nav className={classes.nav} aria-label={t('settings.navigation')}>
          <h1 className={classes.title}>{t('settings.title')}</h1>
          {SECTIONS.map((each) => (
            <a
              key={each}
              href={`#settings/${each}`}
              className={classes.link}
              aria-current={section.current === each ? 'true' : undefined}
              onClick={(event) => {
                event.preventDefault();
                section.show(each);
              }}
            >
              {t(`settings.sections.${each}`)}
            </a>
          ))}
        </nav>
        <div className={classes.sections}>
          {settings.isError && (
            <ErrorNotice
              report={reportOf(settings.error)}
              action={{ label: t('common.retry'), onClick: () => void settings.refetch() }}
            />
          )}
          {view?.problem && (
            <div className={classes.notice}>
              <ErrorNotice report={view.problem} />
            </div>
          )}
          <Part section="registries">
            <RegistriesSection startup={startup} />
          </Part>
          <Part section="destination">
            <DestinationSection />
          </Part>
          <Part section="limits">{view && <LimitsSection limits={view.limits} />}</Part>
          <Part section="appearance">
            <AppearanceRows preferences={preferences} />
          </Part>
          <Part section="notifications">
            <NotificationRows preferences={preferences} startup={startup} view={view} />
          </Part>
          <Part section="system">
            <SystemRows preferences={preferences} view={view} />
          </Part>
          <Part section="about">
            <About version={startup.version} view={view} />
          </Part>
        </div>
      </div>
    </div>
  );
});

function Part({ section, children }: { section: Section; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <section data-section={section} className={classes.section} aria-labelledby={`settings-${section}`}>
      <h2 id={`settings-${section}`} tabIndex={-1} className={classes.heading}>
        {t(`settings.sections.${section}`)}
      </h2>
      {children}
    </section>
  );
}

/** The section in sight, and the way to one. */
function useSection(page: React.RefObject<HTMLDivElement | null>): {
  current: Section;
  show: (section: Section) => void;
} {
  const here = usePage() === 'settings';
  const detail = usePageDetail();
  const asked = here ? SECTIONS.find((section) => section === detail) : undefined;
  const [current, setCurrent] = useState<Section>('registries');

  useEffect(() => {
    if (!asked || !page.current) return;
    showIn(page.current, asked);
    // The place in the page is outside of React; what is marked beside it follows.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setCurrent(asked);
  }, [asked, page]);

  useEffect(() => {
    const scroller = page.current;
    if (!scroller) return;
    const look = () => {
      const parts = [...scroller.querySelectorAll<HTMLElement>('[data-section]')];
      const atEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 2;
      const top = scroller.getBoundingClientRect().top + 80;
      const seen = parts.filter((part) => part.getBoundingClientRect().top <= top).at(-1);
      const part = atEnd && scroller.scrollTop > 0 ? parts.at(-1) : seen;
      const section = SECTIONS.find((each) => each === part?.dataset.section);
      if (section) setCurrent(section);
    };
    scroller.addEventListener('scroll', look, { passive: true });
    return () => scroller.removeEventListener('scroll', look);
  }, [page]);

  return {
    current,
    show: (section) => {
      goTo('settings', section);
      if (page.current) showIn(page.current, section);
      setCurrent(section);
    },
  };
}

function showIn(page: HTMLElement, section: Section): void {
  const part = page.querySelector(`[data-section=${section}]`);
  part?.scrollIntoView({ block: 'start' });
  part?.querySelector('h2')?.focus({ preventScroll: true });
}

function AppearanceRows({ preferences }: { preferences: Preferences }) {
  const { t } = useTranslation();
  const id = useId();
  const [appearance, setAppearance, appearanceKept] = usePreference(preferences, 'appearance');
  const [language, setLanguage, languageKept] = usePreference(preferences, 'language');
  const [names, setNames, namesKept] = usePreference(preferences, 'show_names');
  return (
    <>
      <Row label={t('settings.appearance.colours')} id={`${id}-colours`} kept={appearanceKept}>
        <SegmentedControl
          aria-labelledby={`${id}-colours-label`}
          value={appearance}
          onChange={(value) => setAppearance(value)}
          data={[
            { value: 'system', label: t('settings.appearance.system') },
            { value: 'light', label: t('settings.appearance.light') },
            { value: 'dark', label: t('settings.appearance.dark') },
          ]}
        />
      </Row>
      <Row label={t('settings.appearance.language')} id={`${id}-language`} kept={languageKept}>
        <SegmentedControl
          aria-labelledby={`${id}-language-label`}
          value={language}
          onChange={setLanguage}
          data={[
            { value: '', label: t('settings.appearance.system') },
            ...Object.entries(LANGUAGES).map(([value, label]) => ({ value, label })),
          ]}
        />
      </Row>
      <Row
        label={t('settings.appearance.names')}
        about={t('settings.appearance.namesAbout')}
        id={`${id}-names`}
        htmlFor={`${id}-names`}
        kept={namesKept}
      >
        <Switch
          id={`${id}-names`}
          aria-describedby={`${id}-names-about`}
          checked={names}
          onChange={(event) => setNames(event.currentTarget.checked)}
        />
      </Row>
    </>
  );
}

interface NotificationProps {
  preferences: Preferences;
  startup: Startup;
  view: SettingsView | undefined;
}

function NotificationRows({ preferences, startup, view }: NotificationProps) {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const id = useId();
  const [on, setOn, kept] = usePreference(preferences, 'notifications');
  const [testing, setTesting] = useState(false);
  const [sent, setSent] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const state = view?.notifications ?? startup.notifications;
  const test = async () => {
    setTesting(true);
    setSent(false);
    setProblem(null);
    try {
      const now = await host.call('test_notification', {});
      client.setQueryData<SettingsView>(keys.settings, (old) => (old ? { ...old, notifications: now } : old));
      setSent(now.available);
    } catch (error) {
      setProblem(reportOf(error));
    } finally {
      setTesting(false);
    }
  };
  const Bell = state.available ? IconBell : IconBellOff;
  return (
    <>
      <Row
        label={t('settings.notifications.on')}
        about={t('settings.notifications.onAbout')}
        id={`${id}-on`}
        htmlFor={`${id}-on`}
        kept={kept}
      >
        <Switch
          id={`${id}-on`}
          aria-describedby={`${id}-on-about`}
          checked={on}
          onChange={(event) => setOn(event.currentTarget.checked)}
        />
      </Row>
      <Row
        label={
          state.available ? t('settings.notifications.available') : t('settings.notifications.unavailable')
        }
        about={
          <>
            <span className={state.available ? undefined : classes.warn}>
              <Bell size={14} stroke={1.75} aria-hidden className={classes.inline} />{' '}
              {state.available ? state.about : t('settings.notifications.noDaemon')}
            </span>
            <span role="status" className={classes.block}>
              {sent && t('settings.notifications.sent')}
            </span>
          </>
        }
        id={`${id}-state`}
      >
        <Button variant="default" loading={testing} onClick={() => void test()}>
          {t('settings.notifications.test')}
        </Button>
      </Row>
      {problem && <ErrorNotice report={problem} />}
    </>
  );
}

function SystemRows({ preferences, view }: { preferences: Preferences; view: SettingsView | undefined }) {
  const { t } = useTranslation();
  const host = useHost();
  const id = useId();
  const [awake, setAwake, awakeKept] = usePreference(preferences, 'keep_awake');
  const [rendering, setRendering, renderingKept] = usePreference(preferences, 'rendering');
  return (
    <>
      <Row
        label={t('settings.system.awake')}
        about={t('settings.system.awakeAbout')}
        id={`${id}-awake`}
        htmlFor={`${id}-awake`}
        kept={awakeKept}
      >
        <Switch
          id={`${id}-awake`}
          aria-describedby={`${id}-awake-about`}
          checked={awake}
          onChange={(event) => setAwake(event.currentTarget.checked)}
        />
      </Row>
      <Row
        label={t('settings.system.rendering')}
        about={`${t('settings.system.renderingAbout')} ${t('settings.system.renderingLater')}`}
        id={`${id}-rendering`}
        kept={renderingKept}
      >
        <SegmentedControl
          aria-labelledby={`${id}-rendering-label`}
          aria-describedby={`${id}-rendering-about`}
          value={rendering}
          onChange={(value) => setRendering(value)}
          data={[
            { value: 'automatic', label: t('settings.system.automatic') },
            { value: 'compatible', label: t('settings.system.compatible') },
            { value: 'accelerated', label: t('settings.system.accelerated') },
          ]}
        />
      </Row>
      <Row
        label={t('settings.system.logs')}
        about={
          <>
            {t('settings.system.logsAbout')}
            {view && <span className={`selectable ${classes.path}`}>{view.logs}</span>}
          </>
        }
        id={`${id}-logs`}
      >
        <Button variant="default" onClick={() => void host.call('open_log_folder', {}).catch(toastError)}>
          {t('settings.system.openLogs')}
        </Button>
      </Row>
    </>
  );
}

/** What Sheaf stands on, with the licences as their makers state them. */
const BUILT_WITH = [
  'Tauri (MIT or Apache-2.0)',
  'WebKitGTK (LGPL-2.1, BSD)',
  'SQLite (public domain)',
  'React (MIT)',
  'Mantine (MIT)',
  'TanStack (MIT)',
  'Tabler Icons (MIT)',
  'i18next (MIT)',
];

function About({ version, view }: { version: string; view: SettingsView | undefined }) {
  const { t } = useTranslation();
  return (
    <dl className={classes.about}>
      <dt>{t('settings.about.version')}</dt>
      <dd className="selectable">Sheaf {version}</dd>
      {view && (
        <>
          <dt>{t('settings.about.home')}</dt>
          <dd>
            <span className={`selectable ${classes.path}`}>{view.home}</span>
            <span className={classes.dim}>{t('settings.about.homeAbout')}</span>
          </dd>
        </>
      )}
      <dt>{t('settings.about.privacy')}</dt>
      <dd>{t('settings.about.privacyText')}</dd>
      <dt>{t('settings.about.licence')}</dt>
      <dd>{t('settings.about.licenceText')}</dd>
      <dt>{t('settings.about.builtWith')}</dt>
      <dd className={classes.dim}>{BUILT_WITH.join(' · ')}</dd>
    </dl>
  );
}
