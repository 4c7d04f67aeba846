import { useQuery } from '@tanstack/react-query';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';

import { keys } from '../../api/keys';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import type { SourceExport } from '../../bindings/SourceExport';
import { HostError } from '../../host/types';
import { useHost } from '../../host/context';
import { makeFakeHost, type FakeHost } from '../../test/fakeHost';
import { openRegistry } from '../../test/fixtures';
import { ExportsPage } from './ExportsPage';
import { progress, record, renderWith, row, running } from './testing';

function Page({ registry = null }: { registry?: OpenRegistry | null }) {
  const host = useHost();
  const exports = useQuery({ queryKey: keys.exports, queryFn: () => host.call('exports', {}) });
  return <ExportsPage exports={exports} registry={registry} />;
}

const calls = (host: FakeHost, command: string) => host.calls.filter((call) => call.command === command);

beforeEach(() => {
  window.location.hash = '#exports';
});

describe('the list', () => {
  it('says what the page is when there is nothing, and leads on', async () => {
    renderWith(makeFakeHost({ exports: () => ({ exports: [] }) }), <Page />);
    await screen.findByText('No exports yet');
    await userEvent.click(screen.getByRole('button', { name: 'New export' }));
    expect(window.location.hash).toBe('#new-export');
  });

  it('says in place that it cannot be read, and tries again', async () => {
    const host = makeFakeHost({
      exports: () => {
        throw new HostError({
          code: 'HISTORY_UNUSABLE',
          message: 'The history is damaged.',
          hint: 'h',
          details: [],
        });
      },
    });
    renderWith(host, <Page />);
    await screen.findByText('The history is damaged.');
    host.answer({ exports: () => ({ exports: [row()] }) });
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await screen.findByRole('row', { name: /study_a/ });
  });

  it('draws only the rows in sight of thousands', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => row({ id: `r${index}`, name: `n${index}` }));
    renderWith(makeFakeHost({ exports: () => ({ exports: rows }) }), <Page />);
    await screen.findAllByRole('row');
    expect(screen.getAllByRole('row').length).toBeLessThan(40);
    expect(screen.getByRole('grid')).toHaveAttribute('aria-rowcount', '5000');
    expect(screen.getByRole('button', { name: 'All 5,000' })).toBeInTheDocument();
  });

  it('narrows by tab and by text, and finds the way back', async () => {
    const rows = [
      row({ id: '1', name: 'one' }),
      row({ id: '2', name: 'two', status: 'failed', archive_state: null }),
    ];
    renderWith(makeFakeHost({ exports: () => ({ exports: rows }) }), <Page />);
    await userEvent.click(await screen.findByRole('button', { name: 'Failed 1' }));
    expect(screen.getAllByRole('row')).toHaveLength(1);
    await userEvent.type(screen.getByRole('textbox', { name: 'Find exports' }), 'one');
    expect(screen.queryByRole('row')).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Show all exports' }));
    expect(screen.getAllByRole('row')).toHaveLength(2);
  });

  it('shows names with markup and turned letters as text', async () => {
    const name = '<img src=x onerror=alert(1)>\u202Eevil';
    renderWith(makeFakeHost({ exports: () => ({ exports: [row({ name })] }) }), <Page />);
    expect(await screen.findByRole('button', { name })).toHaveClass('name');
    expect(document.querySelector('img')).toBeNull();
  });

  it('follows a running export, and forgets reports that come after its end', async () => {
    const host = makeFakeHost({ exports: () => ({ exports: [running()] }) });
    renderWith(host, <Page />);
    const bar = await screen.findByRole('progressbar', { name: 'Progress of study_a' });
    expect(bar).toHaveAttribute('aria-valuenow', '61');
    host.tell({ type: 'progress', id: 'A1', progress: progress({ bytes_done: 482_000_000_000 }) });
    await screen.findByText('Writing 100%');
    host.tell({ type: 'exports', rows: [row()], removed: [] });
    await screen.findByText('Done', { selector: 'span' });
    host.tell({ type: 'progress', id: 'A1', progress: progress() });
    await waitFor(() => expect(screen.getByText('Done', { selector: 'span' })).toBeInTheDocument());
    expect(screen.queryByRole('progressbar')).toBeNull();
  });
});

describe('keys', () => {
  it('move, open details, and remove with a way back', async () => {
    const rows = [
      row({ id: '1', name: 'first', created_at: '2025-01-03T00:00:00Z' }),
      row({ id: '2', name: 'second', created_at: '2025-01-02T00:00:00Z' }),
    ];
    const host = makeFakeHost({
      exports: () => ({ exports: rows }),
      export_details: ({ id }) => record(rows.find((one) => one.id === id) ?? row()),
      remove_export: () => ({}),
      restore_export: () => row({ id: '2', name: 'second', created_at: '2025-01-02T00:00:00Z' }),
    });
    renderWith(host, <Page />);
    const user = userEvent.setup();
    (await screen.findByRole('row', { name: /first/ })).focus();
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(screen.getByRole('row', { name: /second/ })).toHaveFocus());
    await user.keyboard('{Delete}');
    await waitFor(() => expect(screen.queryByRole('row', { name: /second/ })).toBeNull());
    expect(calls(host, 'remove_export')[0]?.input).toEqual({ id: '2' });
    await waitFor(() => expect(screen.getByRole('row', { name: /first/ })).toHaveFocus());
    await user.click(await screen.findByRole('button', { name: 'Undo' }));
    await screen.findByRole('row', { name: /second/ });
    screen.getByRole('row', { name: /first/ }).focus();
    await user.keyboard('{Enter}');
    expect(window.location.hash).toBe('#exports/1');
    await screen.findByRole('dialog');
  });

  it('lead to the search', async () => {
    renderWith(makeFakeHost({ exports: () => ({ exports: [row()] }) }), <Page />);
    await screen.findByRole('row');
    await userEvent.keyboard('/');
    const find = screen.getByRole('textbox', { name: 'Find exports' });
    expect(find).toHaveFocus();
    expect(find).toHaveValue('');
    await userEvent.keyboard('a/{ArrowDown}');
    expect(find).toHaveValue('a/');
  });

  it('do not remove what runs', async () => {
    const host = makeFakeHost({ exports: () => ({ exports: [running()] }) });
    renderWith(host, <Page />);
    (await screen.findByRole('row')).focus();
    await userEvent.keyboard('{Delete}');
    await screen.findByText(/running export cannot be removed/);
    expect(calls(host, 'remove_export')).toHaveLength(0);
  });

  it('open the menu', async () => {
    renderWith(makeFakeHost({ exports: () => ({ exports: [row()] }) }), <Page />);
    (await screen.findByRole('row')).focus();
    await userEvent.keyboard('{Shift>}{F10}{/Shift}');
    expect(await screen.findByRole('menuitem', { name: 'Verify' })).toBeInTheDocument();
  });
});

describe('what can be done', () => {
  it('cancels, and believes the answer', async () => {
    const host = makeFakeHost({
      exports: () => ({ exports: [running()] }),
      cancel_export: () => running({ cancelling: true }),
    });
    renderWith(host, <Page />);
    await userEvent.click(await screen.findByRole('button', { name: 'Cancel' }));
    await screen.findByText('Cancelling…');
    expect(screen.queryByRole('button', { name: 'Cancel' })).toBeNull();
  });

  it('verifies with progress in the row, and says what came of it there', async () => {
    let finish: () => void = () => undefined;
    const host = makeFakeHost({
      exports: () => ({ exports: [row()] }),
      verify_export: () =>
        new Promise((resolve) => {
          finish = () => resolve({ ok: true, files: 18204, bytes: 1, sha256: 'ab', problems: [] });
        }),
      cancel_task: () => ({}),
    });
    renderWith(host, <Page />);
    await userEvent.click(await screen.findByRole('button', { name: 'More for study_a' }));
    await userEvent.click(await screen.findByRole('menuitem', { name: 'Verify' }));
    const task = await screen.findByTestId('row-task');
    const id = (calls(host, 'verify_export')[0]?.input as { task: string }).task;
    host.tell({ type: 'task', task: id, progress: progress({ bytes_done: 1, bytes_total: 2 }) });
    await within(task).findByText('Verifying the file 50%');
    await userEvent.click(within(task).getByRole('button', { name: 'Stop' }));
    expect(calls(host, 'cancel_task')[0]?.input).toEqual({ task: id });
    await within(task).findByText('Stopping…');
    finish();
    await screen.findByText('Verified: all 18,204 files and the ZIP are whole');
    await userEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByText(/Verified/)).toBeNull();
  });

  it('says in the row why a restart was refused, and nothing when it was stopped', async () => {
    const failed = row({ status: 'failed', archive_state: null, path: null });
    const host = makeFakeHost({
      exports: () => ({ exports: [failed] }),
      restart_export: () => {
        throw new HostError({
          code: 'DESTINATION_MISSING',
          message: 'The folder is gone.',
          hint: '',
          details: [],
        });
      },
    });
    renderWith(host, <Page />);
    await userEvent.click(await screen.findByRole('button', { name: 'Retry' }));
    await screen.findByText('The folder is gone.');
    host.answer({
      restart_export: () => {
        throw new HostError({ code: 'CANCELLED', message: 'Stopped.', hint: '', details: [] });
      },
    });
    await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(screen.queryByText('The folder is gone.')).toBeNull());
    expect(screen.queryByText('Stopped.')).toBeNull();
  });

  it('locates a missing archive, and leaves all as it was when the dialog is closed', async () => {
    const missing = row({ archive_state: 'missing' });
    const host = makeFakeHost({ exports: () => ({ exports: [missing] }), locate_archive: () => null });
    renderWith(host, <Page />);
    await screen.findByText('File missing');
    await userEvent.click(screen.getByRole('button', { name: 'Locate…' }));
    await waitFor(() => expect(screen.queryByTestId('row-task')).toBeNull());
    expect(screen.getByText('File missing')).toBeInTheDocument();
    host.answer({ locate_archive: () => row({ path: '/elsewhere/study_a.zip' }) });
    await userEvent.click(screen.getByRole('button', { name: 'Locate…' }));
    await screen.findByText('Found: the file is where you said');
    expect(screen.getByText('Done', { selector: 'span' })).toBeInTheDocument();
  });

  it('moves the ZIP to the trash without asking, since it can be had back; then the file is missing', async () => {
    const host = makeFakeHost({
      exports: () => ({ exports: [row()] }),
      trash_archive: () => row({ archive_state: 'missing' }),
    });
    renderWith(host, <Page />);
    await userEvent.click(await screen.findByRole('button', { name: 'More for study_a' }));
    await userEvent.click(await screen.findByRole('menuitem', { name: 'Move ZIP to trash' }));
    await screen.findByText('File missing');
    expect(screen.getByText('It can be put back from there.')).toBeInTheDocument();
  });
});

describe('an export that is asked for', () => {
  it('is opened and shown, whatever the filter says', async () => {
    const failed = row({
      id: 'F',
      name: 'implants',
      status: 'failed',
      archive_state: null,
      path: null,
      archive_bytes: null,
      sha256: null,
      error: { code: 'NO_SPACE', message: 'The disk is full.', hint: 'Make room.', details: [] },
    });
    const host = makeFakeHost({
      exports: () => ({ exports: [row(), failed] }),
      export_details: () => record(failed),
      copy_text: () => ({}),
    });
    renderWith(host, <Page />);
    await userEvent.click(await screen.findByRole('button', { name: 'Done 1' }));
    expect(screen.queryByRole('row', { name: /implants/ })).toBeNull();
    window.location.hash = '#exports/F';
    const drawer = await screen.findByRole('dialog');
    expect(await within(drawer).findByText('Make room.')).toBeInTheDocument();
    expect(await within(drawer).findByText('NO_SPACE')).toBeInTheDocument();
    expect(document.querySelector('[data-row="F"]')).not.toBeNull();
    await userEvent.click(within(drawer).getByRole('button', { name: 'Copy report' }));
    expect(calls(host, 'copy_text')[0]?.input).toEqual({ id: 'F', what: 'report' });
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(window.location.hash).toBe('#exports'));
  });

  it('lists its problems, filters them, and saves them', async () => {
    const done = row({ status: 'completed_with_problems', problems: 2 });
    const host = makeFakeHost({
      exports: () => ({ exports: [done] }),
      export_details: () =>
        record(done, {
          problems: [
            { file: '1', patient: 'p1', path: 'a.dcm', code: 'SOURCE_MISSING', message: 'm', omitted: true },
            { file: '2', patient: 'p2', path: 'b.stl', code: 'SIZE_MISMATCH', message: 'm', omitted: false },
          ],
          unknown_patients: ['nobody'],
        }),
      save_problems: () => ({ path: '/x.csv' }),
    });
    window.location.hash = '#exports/A1';
    renderWith(host, <Page />);
    const drawer = await screen.findByRole('dialog');
    await within(drawer).findByText('a.dcm');
    expect(within(drawer).getByText('nobody')).toBeInTheDocument();
    await userEvent.click(within(drawer).getByRole('button', { name: 'Other size 1' }));
    expect(within(drawer).queryByText('a.dcm')).toBeNull();
    await userEvent.click(within(drawer).getByRole('button', { name: 'Save as CSV…' }));
    await screen.findByText('/x.csv');
  });
});

describe('the history of the source', () => {
  const exported = (more: Partial<SourceExport>): SourceExport => ({
    table: 'maxillo_export',
    id: '12',
    user: 'anna',
    status: 'completed',
    patients: 2,
    bytes: 1_200_000_000,
    path: '/dataset/exports/12.zip',
    summary: 'CBCT of 2 patients',
    error: '',
    share_mode: '',
    created_at: '2026-01-02T10:00:00Z',
    started_at: null,
    completed_at: null,
    ...more,
  });

  it('is shown beside the own exports, and offers nothing to do', async () => {
    const host = makeFakeHost({
      exports: () => ({ exports: [row()] }),
      source_exports: () => ({
        source_exports: [
          exported({}),
          exported({ id: '11', status: 'failed', summary: '', error: 'No space', user: '', bytes: 0 }),
          exported({ id: '10', status: 'archived' }),
        ],
      }),
    });
    renderWith(host, <Page registry={openRegistry({ source_exports: 3 })} />);
    await userEvent.click(await screen.findByRole('button', { name: 'Of the source 3' }));
    const list = within(await screen.findByRole('group', { name: 'Exports of the source' }));
    const [done, failed, other] = list.getAllByRole('listitem');
    expect(done).toHaveTextContent(
      /CBCT of 2 patients\s*Completed\s*by anna · .* · 2 patients · 1.2 GB · \/dataset\/exports\/12.zip/,
    );
    expect(failed).toHaveTextContent(/Export 11\s*Failed\s*No space/);
    expect(failed).not.toHaveTextContent(/by |GB/);
    expect(other).toHaveTextContent('archived');
    expect(list.queryByRole('button')).toBeNull();
    expect(screen.queryByLabelText('Find exports')).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'All 1' }));
    expect(screen.getByText('study_a')).toBeVisible();
  });

  it('is reached where Sheaf has exported nothing yet', async () => {
    const host = makeFakeHost({
      exports: () => ({ exports: [] }),
      source_exports: () => ({ source_exports: [exported({})] }),
    });
    renderWith(host, <Page registry={openRegistry({ source_exports: 1 })} />);
    await screen.findByText('No exports yet');
    await userEvent.click(screen.getByRole('button', { name: 'Of the source 1' }));
    expect(await screen.findByText('CBCT of 2 patients')).toBeVisible();
  });
});
