import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query';
import { render, type RenderResult } from '@testing-library/react';
import { useEffect, type ReactNode } from 'react';
import { I18nextProvider } from 'react-i18next';

import { makeQueryClient } from '../../api/client';
import { applyEvent } from '../../api/events';
import { FormatContext } from '../../app/FormatContext';
import type { DatasetExport } from '../../bindings/DatasetExport';
import type { ExportRow } from '../../bindings/ExportRow';
import type { JobProgress } from '../../bindings/JobProgress';
import { makeFormat } from '../../format/format';
import { HostContext } from '../../host/context';
import { makeI18n } from '../../i18n';
import type { FakeHost } from '../../test/fakeHost';
import { makeTheme, resolver } from '../../theme/theme';

/** A row for tests: done, unless told otherwise. */
export function row(more: Partial<ExportRow> = {}): ExportRow {
  return {
    id: 'A1',
    name: 'study_a',
    notes: '',
    user: 'owner',
    project: 'alpha',
    status: 'completed',
    cancelling: false,
    studies: null,
    patients: 210,
    files: 18204,
    bytes: 61_000_000_000,
    path: '/data/out/study_a.zip',
    archive_bytes: 61_200_000_000,
    sha256: 'ab'.repeat(32),
    archive_state: 'present',
    problems: 0,
    created_at: '2025-03-03T10:00:00Z',
    completed_at: '2025-03-03T10:30:00Z',
    attempt: 1,
    error: null,
    progress: null,
    ...more,
  };
}

export function progress(more: Partial<JobProgress> = {}): JobProgress {
  return {
    phase: 'writing',
    files_done: 11304,
    files_total: 18204,
    bytes_done: 298_000_000_000,
    bytes_total: 482_000_000_000,
    bytes_per_second: 118_000_000,
    seconds_left: 240,
    current: null,
    stalled: false,
    ...more,
  };
}

/** A row that runs. */
export function running(more: Partial<ExportRow> = {}): ExportRow {
  return row({
    status: 'processing',
    path: null,
    archive_bytes: null,
    sha256: null,
    archive_state: null,
    completed_at: null,
    progress: progress(),
    ...more,
  });
}

export function record(of: ExportRow, more: Partial<DatasetExport> = {}): DatasetExport {
  return {
    id: of.id,
    name: of.name,
    notes: of.notes,
    user: of.user,
    project: of.project,
    registry: '/data/registry.db',
    registry_synced_at: null,
    status: of.status,
    selection: {
      all: false,
      folder: [{ path: ['Clinic A', '2024'] }],
      folder_id: [],
      patient: [],
      patients_from: [],
      tag: ['ortho'],
      tag_mode: 'any',
      modality: ['cbct'],
      all_modalities: false,
      kind: 'both',
    },
    patients: of.patients,
    files: of.files,
    bytes: of.bytes,
    archive:
      of.path !== null && of.archive_bytes !== null && of.sha256 !== null
        ? { path: of.path, bytes: of.archive_bytes, sha256: of.sha256, state: of.archive_state ?? 'present' }
        : null,
    problems: [],
    created_at: of.created_at,
    started_at: of.created_at,
    completed_at: of.completed_at,
    attempt: of.attempt,
    error: of.error,
    ...more,
  };
}

/** Everything that a page has above itself; the host's events reach the cache. */
export function renderWith(host: FakeHost, page: ReactNode): RenderResult & { client: QueryClient } {
  const client = makeQueryClient();
  const result = render(
    <HostContext value={host}>
      <QueryClientProvider client={client}>
        <MantineProvider theme={makeTheme('Close')} cssVariablesResolver={resolver} env="test">
          <I18nextProvider i18n={makeI18n('en')}>
            <FormatContext value={makeFormat('en')}>
              <Notifications />
              <Events host={host} client={client} />
              {page}
            </FormatContext>
          </I18nextProvider>
        </MantineProvider>
      </QueryClientProvider>
    </HostContext>,
  );
  return { ...result, client };
}

function Events({ host, client }: { host: FakeHost; client: QueryClient }) {
  useEffect(() => {
    void host.listen((event) => applyEvent(client, event));
  }, [host, client]);
  return null;
}
