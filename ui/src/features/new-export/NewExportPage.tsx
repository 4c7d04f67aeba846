import { Button, Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconAlertTriangle, IconFileZip, IconSearch, IconSelectAll } from '@tabler/icons-react';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useCommands } from '../../app/commands';
import { useFormat } from '../../app/FormatContext';
import { goTo } from '../../app/page';
import { useBrowse } from '../../api/browse';
import { useShowsNames } from '../../api/preferences';
import { useRegistry } from '../../api/registry';
import type { BrowseState } from '../../bindings/BrowseState';
import type { ExportRow } from '../../bindings/ExportRow';
import type { TreeWindow } from '../../bindings/TreeWindow';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { shortLabels } from '../../components/labels';
import { toast, toastError } from '../../components/toast';
import { LabelsContext } from '../../components/VirtualTree/labels';
import type { TreeHandle } from '../../components/VirtualTree/VirtualTree';
import { ContentColumn } from './ContentColumn';
import { PatientsColumn } from './PatientsColumn';
import { SummaryColumn } from './SummaryColumn';
import { ActsProvider, useActs } from './useActs';
import { useExportForm } from './useExportForm';
import { WishesProvider } from './wishes';
import classes from './NewExport.module.css';

/** Below this width the summary is a drawer. */
const NARROW = '(max-width: 1099px)';

/** Patients and modalities are chosen together; at every click what it costs stands beside it. Progress of exports draws nothing of it anew. */
export const NewExportPage = memo(function NewExportPage({ registry }: { registry: OpenRegistry }) {
  const { t } = useTranslation();
  const kept = useBrowse();
  const state = kept ?? registry.browse ?? undefined;
  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">{t('common.pages.newExport')}</h1>
      <RegistryNotices registry={registry} />
      {state ? (
        <ActsProvider>
          <WishesProvider state={state}>
            <Columns state={state} rows={registry.rows} />
          </WishesProvider>
        </ActsProvider>
      ) : (
        <div className={classes.empty}>
          <p>{t(registry.project === null ? 'newExport.noProject' : 'common.loading')}</p>
        </div>
      )}
    </div>
  );
});

function Columns({ state, rows }: { state: BrowseState; rows: TreeWindow | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const names = useShowsNames();
  const [first] = useState({ names, rows });
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const [drawer, setDrawer] = useState(false);
  const find = useRef<HTMLInputElement>(null);
  const tree = useRef<TreeHandle>(null);
  const onQueued = useCallback(
    (row: ExportRow, view: () => void) =>
      toast({
        id: `export-${row.id}`,
        message: t('newExport.create.queued'),
        detail: row.name,
        tone: 'good',
        action: { label: t('newExport.create.view'), onClick: view },
      }),
    [t],
  );
  const form = useExportForm(state, onQueued);
  const { act } = useActs();
  const slugs = state.modalities.map((each) => each.slug).join('\n');
  const labels = useMemo(() => shortLabels(slugs.split('\n')), [slugs]);

  const create = form.create;
  const blocked = form.blocked !== null;
  const begin = useCallback(() => {
    if (blocked && narrow) setDrawer(true);
    create();
  }, [blocked, narrow, create]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      const writing = target?.matches('input:not([type=checkbox],[type=radio]), textarea') ?? false;
      const ctrl = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (ctrl && key === 'enter' && !event.repeat) {
        if (target?.closest('[role=dialog]') && !target.closest('[data-summary]')) return;
        event.preventDefault();
        begin();
        return;
      }
      if (target?.closest('[role=dialog]')) return;
      if ((ctrl && key === 'f') || (key === '/' && !writing && !ctrl)) {
        event.preventDefault();
        find.current?.focus();
        find.current?.select();
      } else if (ctrl && !writing && key === 'z') {
        event.preventDefault();
        void act('patients', event.shiftKey ? 'redo' : 'undo', {});
      } else if (ctrl && !writing && key === 'y') {
        event.preventDefault();
        void act('patients', 'redo', {});
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [act, begin]);

  useCommands(
    useMemo(() => {
      const group = t('common.pages.newExport');
      const ctrl = t('common.shortcuts.keys.ctrl');
      return [
        {
          id: 'create-export',
          group,
          label: t('newExport.create.button'),
          keys: [ctrl, t('common.shortcuts.keys.enter')],
          icon: IconFileZip,
          run: begin,
        },
        {
          id: 'find-patient',
          group,
          label: t('newExport.find.label'),
          keys: ['/'],
          icon: IconSearch,
          run: () => setTimeout(() => find.current?.focus()),
        },
        {
          id: 'clear-selection',
          group,
          label: t('newExport.clearTitle'),
          icon: IconSelectAll,
          run: () => void act('patients', 'clear_selection', {}),
        },
      ];
    }, [t, begin, act]),
  );

  const summary = <SummaryColumn state={state} form={form} inDrawer={narrow} />;
  return (
    <LabelsContext value={labels}>
      <div className={classes.columns} data-narrow={narrow || undefined}>
        {/* Rows carry names or not: with the preference they are asked for anew. */}
        <PatientsColumn
          key={String(names)}
          state={state}
          first={names === first.names ? first.rows : null}
          find={find}
          tree={tree}
        />
        <ContentColumn
          state={state}
          foot={
            narrow && (
              <footer className={classes.create}>
                <div className={classes.narrowTotal}>
                  <strong title={format.exactBytes(state.estimate.bytes)}>
                    {format.bytes(state.estimate.bytes)}
                  </strong>
                  <span className={classes.dimmed}>
                    {t('newExport.estimate.of', {
                      count: state.estimate.patients,
                      n: format.count(state.estimate.patients),
                    })}
                  </span>
                </div>
                <Button fullWidth size="sm" onClick={() => setDrawer(true)}>
                  {t('newExport.create.drawer')}
                </Button>
              </footer>
            )
          }
        />
        {narrow ? (
          <Drawer
            opened={drawer}
            onClose={() => setDrawer(false)}
            size={380}
            padding={0}
            title={t('newExport.summary')}
            closeButtonProps={{ 'aria-label': t('common.close') }}
            classNames={{
              content: classes.drawer ?? '',
              header: classes.drawerHead ?? '',
              title: classes.drawerTitle ?? '',
              body: classes.drawerBody ?? '',
            }}
          >
            <div data-summary className={classes.drawerInner}>
              {summary}
            </div>
          </Drawer>
        ) : (
          summary
        )}
      </div>
    </LabelsContext>
  );
}

/** What is wrong with the registry, with the next step. */
function RegistryNotices({ registry }: { registry: OpenRegistry }) {
  const { t } = useTranslation();
  const { refresh } = useRegistry();
  const [busy, setBusy] = useState(false);
  const readAnew = () => {
    setBusy(true);
    refresh()
      .catch(toastError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      {registry.changed && (
        <div className={classes.banner} role="status">
          <IconAlertTriangle size={16} stroke={1.75} aria-hidden />
          <span>{t('newExport.changed')}</span>
          <Button variant="default" size="compact-sm" loading={busy} onClick={readAnew}>
            {t('newExport.refresh')}
          </Button>
        </div>
      )}
      {registry.data_roots_missing > 0 && (
        <div className={classes.banner} role="status">
          <IconAlertTriangle size={16} stroke={1.75} aria-hidden />
          <span>{t('newExport.rootsMissing', { count: registry.data_roots_missing })}</span>
          <Button variant="default" size="compact-sm" onClick={() => goTo('settings', 'registries')}>
            {t('newExport.locateRoots')}
          </Button>
        </div>
      )}
    </>
  );
}
