import { Menu } from '@mantine/core';
import {
  IconAlertTriangle,
  IconChevronDown,
  IconDatabase,
  IconFolderOpen,
  IconPhotoSearch,
  IconPlugConnected,
  IconRefresh,
  IconSelector,
  IconSparkles,
  IconX,
} from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { askToConnect } from '../api/connecting';
import { useRecent, useRegistry } from '../api/registry';
import type { OpenRegistry } from '../bindings/OpenRegistry';
import type { Startup } from '../bindings/Startup';
import { toastError, toastReport } from '../components/toast';
import { useErrorWords } from '../errors/words';
import { useFormat } from './FormatContext';
import { goTo } from './page';
import { useNow } from './useNow';
import classes from './RegistrySwitcher.module.css';

/** Mantine's radio items know values as text: the owner is none of the users. */
const OWNER = '\u0000owner';
/** As many as fit a menu; Settings has them all. */
const RECENT = 6;

/** The open registry with its project and the age of its index; opens another. */
export function RegistrySwitcher({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const open = startup.registry;

  // What of last time could not be had again although the registry is open: said once.
  const { problem } = startup;
  useEffect(() => {
    if (problem && open && !startup.problem_server) toastReport(problem, { id: 'start', tone: 'warn' });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- not again for another registry
  }, [problem]);

  const attempt = (run: () => Promise<unknown>) => {
    setBusy(true);
    void run()
      .catch(toastError)
      .finally(() => setBusy(false));
  };

  return (
    <section className={classes.switcher} aria-label={t('common.registry.label')} aria-busy={busy}>
      <RegistryMenu startup={startup} busy={busy} attempt={attempt} />
      {open && <ProjectMenu registry={open} busy={busy} attempt={attempt} />}
      {open && open.users.length > 0 && <UserMenu registry={open} busy={busy} attempt={attempt} />}
    </section>
  );
}

interface PartProps {
  busy: boolean;
  attempt: (run: () => Promise<unknown>) => void;
}

function RegistryMenu({ startup, busy, attempt }: PartProps & { startup: Startup }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const registry = useRegistry();
  const recent = useRecent(startup);
  const words = useErrorWords();
  const open = startup.registry;
  const others = recent.filter((each) => each.id !== open?.id).slice(0, RECENT);
  const read = open ? (open.synced_at ?? open.opened_at) : null;
  const says = open && read !== null ? (open.synced_at === null ? 'readAt' : 'syncedAt') : null;
  return (
    <Menu position="right-end" width={300} offset={8}>
      <Menu.Target>
        <button type="button" className={classes.registry} disabled={busy} title={open?.path}>
          <IconDatabase size={16} stroke={1.75} aria-hidden className={classes.icon} />
          <span className={classes.text}>
            <span className="visually-hidden">{t('common.registry.label')}</span>{' '}
            <span className={`name ${classes.registryName}`}>
              {open ? open.name : t('common.registry.none')}
            </span>
            {read !== null && says !== null && (
              <time
                className={classes.age}
                dateTime={read}
                title={`${t(`common.registry.${says}`, { when: format.exactTime(read) })}\n${read}`}
              >
                <span className="visually-hidden">{t('common.registry.read')}</span> {format.ago(read, now)}
              </time>
            )}
            {open?.refresh_problem && (
              <span className={classes.stale} title={words(open.refresh_problem.report).message}>
                <IconAlertTriangle size={12} stroke={1.75} aria-hidden />
                {t('common.registry.notRefreshed', { when: format.ago(open.refresh_problem.at, now) })}
              </span>
            )}
          </span>
          <IconSelector size={14} stroke={1.75} aria-hidden className={classes.icon} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconFolderOpen size={16} stroke={1.75} aria-hidden />}
          onClick={() => attempt(registry.open)}
        >
          {open ? t('common.registry.openAnother') : t('common.registry.open')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPhotoSearch size={16} stroke={1.75} aria-hidden />}
          onClick={() => attempt(registry.openFolder)}
        >
          {t('common.registry.openFolder')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPlugConnected size={16} stroke={1.75} aria-hidden />}
          onClick={() => askToConnect()}
        >
          {t('common.registry.connect')}
        </Menu.Item>
        {others.length > 0 && (
          <>
            <Menu.Divider />
            <Menu.Label>{t('common.registry.recent')}</Menu.Label>
            {others.map((each) => (
              <Menu.Item
                key={each.id}
                title={each.path}
                leftSection={<IconDatabase size={16} stroke={1.75} aria-hidden />}
                rightSection={
                  each.present === false ? (
                    <span className={classes.missing}>{t('common.registry.missing')}</span>
                  ) : undefined
                }
                onClick={() => attempt(() => registry.openRecent(each))}
              >
                <span className={`name ${classes.item}`}>{each.name}</span>
              </Menu.Item>
            ))}
          </>
        )}
        <Menu.Divider />
        {open && (
          <Menu.Item
            leftSection={<IconRefresh size={16} stroke={1.75} aria-hidden />}
            onClick={() => attempt(registry.refresh)}
          >
            {t('common.registry.refresh')}
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<IconSparkles size={16} stroke={1.75} aria-hidden />}
          onClick={() => {
            if (!open) goTo('new-export');
            attempt(registry.makeDemo);
          }}
        >
          {t('common.registry.demo')}
        </Menu.Item>
        {open && (
          <Menu.Item
            leftSection={<IconX size={16} stroke={1.75} aria-hidden />}
            onClick={() => attempt(registry.close)}
          >
            {t('common.registry.close')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function ProjectMenu({ registry, busy, attempt }: PartProps & { registry: OpenRegistry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const actions = useRegistry();
  const current = registry.projects.find((project) => project.slug === registry.project);
  if (!current) return <p className={classes.nothing}>{t('common.registry.noProject')}</p>;
  return (
    <Menu position="right-end" width={300} offset={8}>
      <Menu.Target>
        <button type="button" className={classes.pick} disabled={busy}>
          <span className={classes.caption}>{t('common.registry.project')}</span>
          <span className={`name ${classes.value}`} title={current.name}>
            {current.name}
          </span>
          <IconChevronDown size={14} stroke={1.75} aria-hidden className={classes.icon} />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={classes.long}>
        <Menu.RadioGroup
          value={current.slug}
          onChange={(slug) => {
            if (slug !== current.slug) attempt(() => actions.chooseProject(slug));
          }}
        >
          {registry.projects.map((project) => (
            <Menu.RadioItem
              key={project.slug}
              value={project.slug}
              closeMenuOnClick
              rightSection={
                <span className={classes.count}>
                  {t('common.registry.patients', {
                    count: project.patients,
                    patients: format.count(project.patients),
                  })}
                  {!project.may_export && ` · ${t('common.registry.lookOnly')}`}
                </span>
              }
            >
              <span className={`name ${classes.item}`}>{project.name}</span>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

function UserMenu({ registry, busy, attempt }: PartProps & { registry: OpenRegistry }) {
  const { t } = useTranslation();
  const actions = useRegistry();
  const name = registry.user ?? t('common.registry.ownerShort');
  const about = registry.needs_user ? t('common.registry.userAbout') : t('common.registry.actingAbout');
  return (
    <Menu position="right-end" width={350} offset={8}>
      <Menu.Target>
        <button type="button" className={classes.pick} disabled={busy} title={about}>
          <span className={classes.caption}>{t('common.registry.actingAs')}</span>
          <span className={`name ${classes.value}`}>{name}</span>
          <IconChevronDown size={14} stroke={1.75} aria-hidden className={classes.icon} />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={classes.long}>
        <Menu.RadioGroup
          value={registry.user ?? OWNER}
          onChange={(value) => {
            const user = value === OWNER ? null : value;
            if (user !== registry.user) attempt(() => actions.actAs(user));
          }}
        >
          {!registry.needs_user && (
            <Menu.RadioItem value={OWNER} closeMenuOnClick>
              {t('common.registry.owner')}
            </Menu.RadioItem>
          )}
          {registry.users.map((user) => (
            <Menu.RadioItem
              key={user.name}
              value={user.name}
              closeMenuOnClick
              rightSection={
                <span className={`name ${classes.role ?? ''}`} title={user.role}>
                  {user.role}
                </span>
              }
            >
              <span className={`name ${classes.item}`}>{user.name}</span>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Label className={classes.about}>{about}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
