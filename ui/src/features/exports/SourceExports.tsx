import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { Moment } from '../../components/Moment';
import { Bytes } from '../../components/Bytes';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { useFormat } from '../../app/FormatContext';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import type { SourceExport } from '../../bindings/SourceExport';
import { useHost } from '../../host/context';
import { toneOf, type Standing } from './model';
import { ROW_HEIGHT } from './ExportItem';
import { StandingIcon } from './StandingIcon';
import { VirtualRows } from './VirtualRows';
import page from './ExportsPage.module.css';
import classes from './SourceExports.module.css';
import standing from './standing.module.css';

/** What the application of the open database has exported itself: its history, to be read. */
export function SourceExports({ registry }: { registry: OpenRegistry }) {
  const { t } = useTranslation();
  const host = useHost();
  const found = useQuery({
    queryKey: keys.sourceExports(registry.id, registry.user, registry.opened_at),
    queryFn: () => host.call('source_exports', {}),
  });
  if (found.isError) {
    return (
      <div className={page.notice}>
        <ErrorNotice
          report={reportOf(found.error)}
          action={{ label: t('common.retry'), onClick: () => void found.refetch() }}
        />
      </div>
    );
  }
  if (!found.data) {
    return (
      <div className={page.loading} role="status">
        <Loader />
        {t('exports.loading')}
      </div>
    );
  }
  return (
    <>
      <p className={classes.about}>{t('exports.source.about', { name: registry.name })}</p>
      <VirtualRows items={found.data.source_exports} rowHeight={ROW_HEIGHT} label={t('exports.source.list')}>
        {(row) => <Row row={row} />}
      </VirtualRows>
    </>
  );
}

function Row({ row }: { row: SourceExport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const state = standingOf(row.status);
  const title = row.summary === '' ? t('exports.source.untitled', { id: row.id }) : row.summary;
  const parts = [
    row.user !== '' && <span key="user">{t('exports.source.by', { user: row.user })}</span>,
    row.created_at !== null && <Moment key="time" time={row.created_at} />,
    row.patients !== null && (
      <span key="patients">
        {t('exports.patients', { count: row.patients, n: format.count(row.patients) })}
      </span>
    ),
    row.bytes !== null && row.bytes > 0 && <Bytes key="bytes" value={row.bytes} />,
    row.path !== '' && <bdi key="path">{row.path}</bdi>,
  ].filter((part) => part !== false);
  return (
    <div className={classes.row}>
      <StandingIcon standing={state} />
      <div className={classes.body}>
        <div className={classes.line}>
          <span className={`name ${classes.title ?? ''}`} title={title}>
            {title}
          </span>
          <span className={standing.word} data-tone={toneOf(state)}>
            {wordOf(row.status, t)}
          </span>
          {row.error !== '' && (
            <span className={`name ${classes.error ?? ''}`} title={row.error}>
              {row.error}
            </span>
          )}
        </div>
        <div className={`name ${classes.details ?? ''}`} title={`${row.table} ${row.id}\n${row.path}`}>
          {parts.flatMap((part, at) => (at === 0 ? [part] : [' · ', part]))}
        </div>
      </div>
    </div>
  );
}

/** What the source's word comes to; one that is not known is neither good nor bad. */
function standingOf(status: string): Standing {
  const known: Partial<Record<string, Standing>> = {
    pending: 'queued',
    processing: 'running',
    completed: 'done',
    failed: 'failed',
  };
  return known[status] ?? 'cancelled';
}

function wordOf(status: string, t: TFunction): string {
  switch (status) {
    case 'pending':
    case 'processing':
    case 'completed':
    case 'failed':
      return t(`exports.source.status.${status}`);
    default:
      return status;
  }
}
