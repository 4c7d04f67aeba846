import {
  IconAdjustments,
  IconArrowBackUp,
  IconArrowForwardUp,
  IconCirclePlus,
  IconDatabase,
  IconFileZip,
  IconFolder,
  IconFolderOpen,
  IconPhotoSearch,
  IconPlugConnected,
  IconKeyboard,
  IconLanguage,
  IconMoon,
  IconPackages,
  IconRefresh,
  IconReportMedical,
  IconReportSearch,
  IconSettings,
  IconSparkles,
  IconSun,
  IconUsersGroup,
  IconX,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useBrowse, useChange } from '../api/browse';
import { useExports } from '../api/exports';
import { keys } from '../api/keys';
import { useChangePreferences } from '../api/preferences';
import { askToConnect } from '../api/connecting';
import { useRecent, useRegistry } from '../api/registry';
import type { Preferences } from '../bindings/Preferences';
import type { Startup } from '../bindings/Startup';
import { toastError } from '../components/toast';
import { SECTIONS } from '../features/settings/sections';
import { useHost } from '../host/context';
import { LANGUAGES } from '../i18n';
import { useCommands, type Command } from './commands';
import { DemoDialog } from './DemoDialog';
import { goTo } from './page';
import { Palette } from './Palette';
import { ShortcutSheet } from './ShortcutSheet';
import { keyOf } from './shortcutKeys';

/** Exports that the palette names: the list has the rest. */
const EXPORTS = 200;
/** And without typing. */
const EXPORTS_SHOWN = 5;

/** Keys of the whole window, the sheet that lists them, and the command palette. */
export function Shortcuts({ startup }: { startup: Startup }) {
  const [open, setOpen] = useState<'palette' | 'sheet' | null>(null);
  const showSheet = useCallback(() => setOpen('sheet'), []);
  useWindowCommands(startup, showSheet);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const key = keyOf(event);
      if (key === null) return;
      event.preventDefault();
      if (key === 'palette') setOpen('palette');
      else if (key === 'sheet') setOpen('sheet');
      else goTo(key);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);

  return (
    <>
      <Palette opened={open === 'palette'} onClose={() => setOpen(null)} />
      <ShortcutSheet opened={open === 'sheet'} onClose={() => setOpen(null)} />
      <DemoDialog shown={startup.registry !== null} />
    </>
  );
}

/** What can be done from anywhere. Pages add their own. */
function useWindowCommands(startup: Startup, showSheet: () => void): void {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const registry = useRegistry();
  const change = useChange();
  const changePreferences = useChangePreferences();
  const browse = useBrowse();
  const recent = useRecent(startup);
  const exports = useExports();

  const ctrl = t('common.shortcuts.keys.ctrl');
  const shift = t('common.shortcuts.keys.shift');
  const open = startup.registry;
  const canUndo = browse?.can_undo ?? false;
  const canRedo = browse?.can_redo ?? false;
  const rows = exports.data?.exports;

  const commands = useMemo(() => {
    const attempt = (run: () => Promise<unknown>) => () => void run().catch(toastError);
    const prefer = (patch: Partial<Preferences>) => attempt(() => changePreferences(patch));
    const group = (
      name: 'go' | 'registry' | 'project' | 'newExport' | 'exports' | 'look' | 'language' | 'help',
    ) => t(`common.palette.groups.${name}`);
    const list: Command[] = [
      {
        id: 'go:new-export',
        group: group('go'),
        label: t('common.pages.newExport'),
        icon: IconCirclePlus,
        keys: [ctrl, '1'],
        run: () => goTo('new-export'),
      },
      {
        id: 'go:exports',
        group: group('go'),
        label: t('common.pages.exports'),
        icon: IconPackages,
        keys: [ctrl, '2'],
        run: () => goTo('exports'),
      },
      {
        id: 'go:studies',
        group: group('go'),
        label: t('common.pages.studies'),
        icon: IconReportMedical,
        keys: [ctrl, '3'],
        run: () => goTo('studies'),
      },
      {
        id: 'go:settings',
        group: group('go'),
        label: t('common.pages.settings'),
        icon: IconSettings,
        keys: [ctrl, ','],
        run: () => goTo('settings'),
      },
      ...SECTIONS.map((section) => ({
        id: `go:settings/${section}`,
        group: group('go'),
        label: `${t('common.pages.settings')}: ${t(`settings.sections.${section}`)}`,
        icon: IconAdjustments,
        quiet: true,
        run: () => goTo('settings', section),
      })),
    ];
    if (open) {
      if (canUndo)
        list.push({
          id: 'undo',
          group: group('newExport'),
          label: t('common.palette.undo'),
          icon: IconArrowBackUp,
          keys: [ctrl, 'Z'],
          run: attempt(() => change('undo', {})),
        });
      if (canRedo)
        list.push({
          id: 'redo',
          group: group('newExport'),
          label: t('common.palette.redo'),
          icon: IconArrowForwardUp,
          keys: [ctrl, shift, 'Z'],
          run: attempt(() => change('redo', {})),
        });
    }
    list.push({
      id: 'choose-destination',
      group: group('newExport'),
      label: t('common.palette.destination'),
      icon: IconFolder,
      run: attempt(async () => {
        const chosen = await host.call('choose_destination', {});
        if (chosen) client.setQueryData(keys.destination, chosen);
      }),
    });
    if (open && open.projects.length > 1)
      for (const project of open.projects)
        if (project.slug !== open.project)
          list.push({
            id: `project:${project.slug}`,
            group: group('project'),
            label: t('common.palette.switchProject', { name: project.name }),
            keywords: project.slug,
            name: true,
            icon: IconUsersGroup,
            run: attempt(() => registry.chooseProject(project.slug)),
          });
    list.push({
      id: 'open-registry',
      group: group('registry'),
      label: t('common.palette.openRegistry'),
      icon: IconFolderOpen,
      run: attempt(registry.open),
    });
    list.push({
      id: 'open-folder',
      group: group('registry'),
      label: t('common.palette.openFolder'),
      icon: IconPhotoSearch,
      run: attempt(registry.openFolder),
    });
    list.push({
      id: 'connect',
      group: group('registry'),
      label: t('common.registry.connect'),
      keywords: 'MySQL MariaDB PostgreSQL',
      icon: IconPlugConnected,
      run: () => askToConnect(),
    });
    for (const each of recent)
      if (each.id !== open?.id && each.present !== false)
        list.push({
          id: `registry:${each.id}`,
          group: group('registry'),
          label: t('common.palette.openRecent', { name: each.name }),
          keywords: each.path,
          name: true,
          icon: IconDatabase,
          run: attempt(() => registry.openRecent(each)),
        });
    if (open)
      list.push(
        {
          id: 'refresh-registry',
          group: group('registry'),
          label: t('common.registry.refresh'),
          icon: IconRefresh,
          run: attempt(registry.refresh),
        },
        {
          id: 'close-registry',
          group: group('registry'),
          label: t('common.registry.close'),
          icon: IconX,
          run: attempt(registry.close),
        },
      );
    list.push({
      id: 'make-demo',
      group: group('registry'),
      label: t('common.registry.demo'),
      icon: IconSparkles,
      run: () => {
        if (!open) goTo('new-export');
        attempt(registry.makeDemo)();
      },
    });
    for (const [index, row] of rows?.slice(0, EXPORTS).entries() ?? [])
      list.push({
        id: `export:${row.id}`,
        group: group('exports'),
        label: row.name,
        keywords: `${row.project} ${row.notes}`,
        quiet: index >= EXPORTS_SHOWN,
        name: true,
        icon: IconFileZip,
        run: () => goTo('exports', row.id),
      });
    list.push(
      {
        id: 'look:light',
        group: group('look'),
        label: t('common.palette.light'),
        icon: IconSun,
        run: prefer({ appearance: 'light' }),
      },
      {
        id: 'look:dark',
        group: group('look'),
        label: t('common.palette.dark'),
        icon: IconMoon,
        run: prefer({ appearance: 'dark' }),
      },
      {
        id: 'look:system',
        group: group('look'),
        label: t('common.palette.system'),
        icon: IconAdjustments,
        run: prefer({ appearance: 'system' }),
      },
    );
    for (const [language, name] of Object.entries(LANGUAGES))
      list.push({
        id: `language:${language}`,
        group: group('language'),
        label: name,
        icon: IconLanguage,
        run: prefer({ language }),
      });
    list.push(
      {
        id: 'language:',
        group: group('language'),
        label: t('common.palette.languageSystem'),
        icon: IconLanguage,
        run: prefer({ language: '' }),
      },
      {
        id: 'shortcuts',
        group: group('help'),
        label: t('common.palette.shortcuts'),
        icon: IconKeyboard,
        keys: ['?'],
        run: showSheet,
      },
      {
        id: 'logs',
        group: group('help'),
        label: t('common.palette.logs'),
        icon: IconReportSearch,
        run: attempt(() => host.call('open_log_folder', {})),
      },
    );
    return list;
  }, [
    t,
    host,
    client,
    registry,
    change,
    changePreferences,
    recent,
    open,
    canUndo,
    canRedo,
    rows,
    ctrl,
    shift,
    showSheet,
  ]);
  useCommands(commands);
}
