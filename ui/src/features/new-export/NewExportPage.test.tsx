import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications, notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, it } from 'vitest';

import { makeQueryClient } from '../../api/client';
import { keys } from '../../api/keys';
import type { BrowseState } from '../../bindings/BrowseState';
import type { CheckInput } from '../../bindings/CheckInput';
import type { CreateExport } from '../../bindings/CreateExport';
import type { ExportRow } from '../../bindings/ExportRow';
import type { FilterInput } from '../../bindings/FilterInput';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import type { TreeRow } from '../../bindings/TreeRow';
import { HostContext } from '../../host/context';
import { HostError } from '../../host/types';
import { makeI18n } from '../../i18n';
import { makeFakeHost, type FakeHost } from '../../test/fakeHost';
import { NewExportPage } from './NewExportPage';
import { browseState, destination } from './testing';

afterEach(() => notifications.clean());

const REGISTRY = { id: 'r', project: 'p', data_roots_missing: 0, changed: false } as OpenRegistry;
const EVIL = '<img src=x onerror=alert(1)>\u202Etxt.exe 😀';

function folder(id: number, name: string, check: TreeRow['check'], expanded: boolean): TreeRow {
  return {
    level: 1,
    position: id,
    set_size: 2,
    check,
    item: { type: 'folder', id, name, expanded, patients: 4, selected: 1, bytes: 9, selected_bytes: 2 },
  };
}

function patient(id: number, position: number, check: TreeRow['check']): TreeRow {
  return {
    level: 2,
    position,
    set_size: 4,
    check,
    item: {
      type: 'patient',
      id,
      patient_id: id === 12 ? EVIL : `patient_${id}`,
      name: '',
      folder: 1,
      modalities: ['cbct'],
      files: 3,
      bytes: 7,
      may_export: true,
    },
  };
}

const ROWS: TreeRow[] = [
  folder(1, 'Clinic A', 'some', true),
  patient(11, 1, 'all'),
  patient(12, 2, 'none'),
  patient(13, 3, 'none'),
  patient(14, 4, 'none'),
  folder(2, 'Clinic B', 'none', false),
];

const report = (code: string, message: string) =>
  new HostError({ code, message, hint: 'Do this.', details: [] });

function page(
  state: BrowseState = browseState({ rows: ROWS.length }),
  answers: Parameters<FakeHost['answer']>[0] = {},
  registry: Partial<OpenRegistry> = {},
) {
  let revision = state.revision;
  const next = (parts: Parameters<typeof browseState>[0] = {}) => {
    revision += 1;
    return browseState({ ...state, ...parts, revision });
  };
  const host = makeFakeHost({
    tree_window: ({ offset, limit }) => ({
      revision,
      total: ROWS.length,
      offset,
      rows: ROWS.slice(offset, offset + limit),
    }),
    destination: () => destination(),
    suggest_name: () => ({ name: 'export_auto' }),
    check: () => next(),
    check_rows: () => next(),
    check_matching: () => next(),
    keep_complete: () => next(),
    expand: () => next(),
    expand_all: () => next(),
    undo: () => next(),
    redo: () => next(),
    set_filter: (filter) => next({ filter }),
    set_contents: (contents) => next({ contents }),
    find: () => ({ row: 5, state: next() }),
    ...answers,
  });
  const client = makeQueryClient();
  client.setQueryData(keys.browse, state);
  client.setQueryData(keys.exports, { exports: [] });
  const view = render(
    <HostContext value={host}>
      <QueryClientProvider client={client}>
        <MantineProvider env="test">
          <I18nextProvider i18n={makeI18n('en')}>
            <ModalsProvider>
              <Notifications />
              <NewExportPage registry={{ ...REGISTRY, browse: state, ...registry }} />
            </ModalsProvider>
          </I18nextProvider>
        </MantineProvider>
      </QueryClientProvider>
    </HostContext>,
  );
  const sent = (command: string) =>
    host.calls.filter((call) => call.command === command).map((call) => call.input);
  return { host, client, view, sent };
}

async function tree() {
  await screen.findByRole('treeitem', { name: /Clinic A/ });
  return screen.getByRole('tree');
}

it('shows rows with their place, and names as text', async () => {
  page();
  const box = await tree();
  const first = screen.getByRole('treeitem', { name: /Clinic A/ });
  expect(first).toHaveAttribute('aria-checked', 'mixed');
  expect(first).toHaveAttribute('aria-expanded', 'true');
  expect(first).toHaveAttribute('aria-level', '1');
  expect(screen.getByText(EVIL)).toHaveClass('name');
  expect(box.querySelector('img')).toBeNull();
  expect(box).toHaveAttribute('aria-activedescendant', first.id);
});

it('is driven by keys alone', async () => {
  const user = userEvent.setup();
  const { sent } = page();
  const box = await tree();
  box.focus();
  await user.keyboard('{ArrowDown}{ArrowDown} ');
  await waitFor(() => expect(sent('check')).toEqual([{ target: { type: 'patient', id: 12 }, on: null }]));
  await user.keyboard('{ArrowDown}{ArrowDown}{Shift>} {/Shift}');
  await waitFor(() => expect(sent('check_rows')).toMatchObject([{ from: 2, to: 4, on: true }]));
  await user.keyboard('{ArrowLeft}');
  await waitFor(() =>
    expect(box.getAttribute('aria-activedescendant')).toBe(
      screen.getByRole('treeitem', { name: /Clinic A/ }).id,
    ),
  );
  await user.keyboard('{ArrowLeft}');
  await waitFor(() => expect(sent('expand')).toEqual([{ folder: 1, open: false }]));
  await user.keyboard('{Control>}a{/Control}');
  await waitFor(() => expect(sent('check_matching')).toEqual([{ on: true }]));
  await user.keyboard('{Control>}z{/Control}{Control>}{Shift>}z{/Shift}y{/Control}');
  await waitFor(() => {
    expect(sent('undo')).toHaveLength(1);
    expect(sent('redo')).toHaveLength(2);
  });
  await user.keyboard('c');
  await waitFor(() => expect(sent('find')).toEqual([{ text: 'c', after: 0, shown: true }]));
  await waitFor(() =>
    expect(box.getAttribute('aria-activedescendant')).toBe(
      screen.getByRole('treeitem', { name: /Clinic B/ }).id,
    ),
  );
});

it('checks all when a mixed box is clicked, and a range with Shift', async () => {
  const user = userEvent.setup();
  const { sent } = page();
  await tree();
  const boxOf = (name: RegExp) =>
    screen.getByRole('treeitem', { name }).querySelector<HTMLElement>('[data-part=box]') as HTMLElement;
  await user.click(boxOf(/Clinic A/));
  // What a click does with a mixed box is Rust's to say: null, which checks all unless all are.
  await waitFor(() =>
    expect(sent('check')).toEqual<CheckInput[]>([{ target: { type: 'folder', id: 1 }, on: null }]),
  );
  await user.click(boxOf(/patient_11/));
  await user.keyboard('{Shift>}');
  await user.click(boxOf(/patient_13/));
  await user.keyboard('{/Shift}');
  // patient_11 was checked, so it is unchecked now, and the range follows it.
  await waitFor(() => expect(sent('check_rows')).toMatchObject([{ from: 1, to: 3, on: false }]));
});

it('filters a little after the last key, and sends no wish before the one under way is answered', async () => {
  const user = userEvent.setup();
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  const { sent } = page(undefined, {
    set_filter: (filter: FilterInput) => {
      texts.push(filter.text);
      return new Promise((resolve) =>
        waiting.push(() => resolve(browseState({ rows: 6, revision: 90, filter }))),
      );
    },
  });
  await tree();
  await user.keyboard('/');
  await user.keyboard('ab');
  await waitFor(() => expect(texts).toEqual(['ab']));
  await user.keyboard('c');
  await user.click(screen.getByRole('button', { name: 'Tags' }));
  await user.click(await screen.findByRole('checkbox', { name: /implant/ }));
  expect(texts).toEqual(['ab']);
  waiting.shift()?.();
  await waitFor(() => expect(sent('set_filter')).toHaveLength(2));
  expect(sent('set_filter')[1]).toMatchObject({ text: 'abc', tags: [2] });
  waiting.shift()?.();
});

it('says why Create is blocked, keeps it in reach, and sends nothing', async () => {
  const user = userEvent.setup();
  const { sent } = page(
    browseState({ rows: 6, counts: { selected: 0 }, estimate: { files: 0, bytes: 0, patients: 0 } }),
  );
  await tree();
  const button = screen.getByTestId('create');
  expect(button).toHaveAttribute('aria-disabled', 'true');
  expect(button).toBeEnabled();
  expect(screen.getByTestId('blocked')).toHaveTextContent('Nothing selected');
  button.focus();
  expect(button).toHaveFocus();
  await user.keyboard('{Enter}{Control>}{Enter}{/Control}');
  expect(sent('create_export')).toEqual([]);
});

const row = (name: string): ExportRow => ({
  id: 'e1',
  name,
  notes: '',
  user: 'me',
  project: 'p',
  status: 'pending',
  cancelling: false,
  studies: null,
  patients: 3,
  files: 30,
  bytes: 1,
  path: null,
  archive_bytes: null,
  sha256: null,
  archive_state: null,
  problems: 0,
  created_at: '2026-01-01T00:00:00Z',
  completed_at: null,
  attempt: 1,
  error: null,
  progress: null,
});

it('creates with Ctrl+Enter, says so, and stays', async () => {
  const user = userEvent.setup();
  const { sent } = page(undefined, { create_export: () => row('export_auto') });
  await tree();
  await user.type(screen.getByRole('textbox', { name: 'Notes' }), 'for the study');
  await waitFor(() => expect(screen.getByTestId('create')).toHaveAttribute('aria-disabled', 'false'));
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(await screen.findByText('Export queued')).toBeVisible();
  expect(sent('create_export')).toMatchObject<Partial<CreateExport>[]>([
    { name: null, notes: 'for the study', skip_missing: false },
  ]);
  expect(screen.getByTestId('of-patients')).toHaveTextContent('3 of 5');
  await user.click(screen.getByRole('button', { name: 'View' }));
  expect(window.location.hash).toBe('#exports/e1');
  window.location.hash = '';
});

it('creates only when Rust has the last click', async () => {
  const user = userEvent.setup();
  let answer: () => void = () => undefined;
  const { sent } = page(undefined, {
    set_contents: (contents) =>
      new Promise((resolve) => {
        answer = () => resolve(browseState({ contents, revision: 60 }));
      }),
    create_export: () => row('export_auto'),
  });
  await tree();
  await waitFor(() => expect(screen.getByTestId('create')).toHaveAttribute('aria-disabled', 'false'));
  await user.click(screen.getByRole('radio', { name: 'Both' }));
  await user.click(screen.getByTestId('create'));
  expect(sent('set_contents')).toHaveLength(1);
  expect(sent('create_export')).toEqual([]);
  answer();
  expect(await screen.findByText('Export queued')).toBeVisible();
  expect((sent('create_export') as CreateExport[]).map(({ revision }) => revision)).toEqual([60]);
});

it('says an error in its place and keeps the selection', async () => {
  const user = userEvent.setup();
  let tries = 0;
  const { sent } = page(undefined, {
    create_export: ({ skip_missing }) => {
      tries += 1;
      if (!skip_missing) throw report('SOURCE_MISSING', 'Two files are not there.');
      return row('export_auto');
    },
    check: () => {
      throw report('DB_BUSY', 'Another process holds it.');
    },
  });
  const box = await tree();
  await waitFor(() => expect(screen.getByTestId('create')).toHaveAttribute('aria-disabled', 'false'));
  await user.click(screen.getByTestId('create'));
  const alert = await screen.findByRole('alert');
  expect(alert).toHaveTextContent('Two files are not there.');
  expect(alert).toHaveTextContent('Do this.');
  expect(screen.getByTestId('selected')).toHaveTextContent('3 selected');
  await user.click(within(alert).getByRole('button', { name: 'Leave them out and list them' }));
  await screen.findByText('Export queued');
  expect(tries).toBe(2);
  expect(sent('create_export')[1]).toMatchObject({ skip_missing: true });
  box.focus();
  await user.keyboard(' ');
  expect(await screen.findByText('Another process holds it.')).toBeVisible();
  expect(screen.getByTestId('selected')).toHaveTextContent('3 selected');
});

it('says that a destination has gone where the destination stands, and blocks Create with it', async () => {
  const user = userEvent.setup();
  const gone = { code: 'DESTINATION_MISSING', message: 'It is not there.', hint: 'Do this.', details: [] };
  let there = true;
  const { sent } = page(undefined, {
    destination: () => destination({ problem: there ? null : gone }),
    create_export: () => {
      there = false;
      throw new HostError(gone);
    },
  });
  await tree();
  await waitFor(() => expect(screen.getByTestId('create')).toHaveAttribute('aria-disabled', 'false'));
  await user.click(screen.getByTestId('create'));
  await waitFor(() => expect(screen.getByTestId('create')).toHaveAttribute('aria-disabled', 'true'));
  expect(screen.getAllByRole('alert')).toHaveLength(1);
  await user.click(screen.getByTestId('create'));
  expect(sent('create_export')).toHaveLength(1);
  expect(screen.getByTestId('selected')).toHaveTextContent('3 selected');
});

it('shows the looking at files with a way to stop it, which is no error', async () => {
  const user = userEvent.setup();
  let stop: () => void = () => undefined;
  const { sent } = page(undefined, {
    create_export: () =>
      new Promise((_, reject) => {
        stop = () => reject(report('CANCELLED', 'Stopped.'));
      }),
    cancel_task: () => {
      stop();
      return {};
    },
  });
  await tree();
  await waitFor(() => expect(screen.getByTestId('create')).toHaveAttribute('aria-disabled', 'false'));
  await user.click(screen.getByTestId('create'));
  await user.click(await screen.findByRole('button', { name: 'Cancel' }));
  expect(await screen.findByText('Stopped. Nothing was queued.')).toBeVisible();
  expect(screen.queryByRole('alert')).toBeNull();
  const [input] = sent('create_export') as CreateExport[];
  expect(sent('cancel_task')).toEqual([{ task: input?.task }]);
});

it('creates nothing that was stopped before Rust heard of it', async () => {
  const user = userEvent.setup();
  let answer: () => void = () => undefined;
  const { sent } = page(undefined, {
    check: () => new Promise((resolve) => (answer = () => resolve(browseState({ rows: 6, revision: 9 })))),
    create_export: () => {
      throw report('INTERNAL', 'It was created all the same.');
    },
    cancel_task: () => ({}),
  });
  await tree();
  await waitFor(() => expect(screen.getByTestId('create')).toHaveAttribute('aria-disabled', 'false'));
  screen.getByRole('tree').focus();
  await user.keyboard(' ');
  await waitFor(() => expect(sent('check')).toHaveLength(1));
  await user.click(screen.getByTestId('create'));
  await user.click(await screen.findByRole('button', { name: 'Cancel' }));
  answer();
  expect(await screen.findByText('Stopped. Nothing was queued.')).toBeVisible();
  expect(sent('create_export')).toEqual([]);
});

it('says what is wrong with a name in its place', async () => {
  const user = userEvent.setup();
  page();
  await tree();
  const name = screen.getByRole('textbox', { name: 'Name' });
  await waitFor(() => expect(name).toHaveValue('export_auto'));
  await user.clear(name);
  await user.type(name, 'a/b');
  expect(name).toHaveAccessibleDescription(/cannot hold/);
  expect(screen.getByTestId('blocked')).toHaveTextContent('The name cannot be used');
  await user.click(screen.getByRole('button', { name: 'Use the automatic name' }));
  expect(name).toHaveValue('export_auto');
});

it('keeps the order of changes, whatever each takes', async () => {
  const user = userEvent.setup();
  const waiting: (() => void)[] = [];
  const { sent, host } = page(undefined, {
    check: () =>
      new Promise((resolve) => waiting.push(() => resolve(browseState({ rows: 6, revision: 50 })))),
  });
  const box = await tree();
  box.focus();
  await user.keyboard(' {Control>}z{/Control}');
  expect(sent('undo')).toEqual([]);
  waiting.shift()?.();
  await waitFor(() => expect(sent('undo')).toHaveLength(1));
  const order = host.calls.map((call) => call.command).filter((each) => each === 'check' || each === 'undo');
  expect(order).toEqual(['check', 'undo']);
});

it('shows what is lacking and who is hidden, at a click', async () => {
  const user = userEvent.setup();
  const { sent } = page(browseState({ rows: 6, counts: { hidden: 2 } }));
  await tree();
  expect(screen.getByTestId('selected')).toHaveTextContent('3 selected · 2 hidden by filter');
  await user.click(screen.getByRole('button', { name: 'show' }));
  await waitFor(() => expect(sent('set_filter')[0]).toMatchObject({ among: { type: 'hidden' } }));
  await user.click(screen.getByRole('button', { name: /1 has no cbct/ }));
  await waitFor(() =>
    expect(sent('set_filter')[1]).toMatchObject({ among: { type: 'lacking', modality: 1 } }),
  );
  await user.click(screen.getByRole('button', { name: 'Keep only patients that have all of these' }));
  await waitFor(() => expect(sent('keep_complete')).toEqual([{}]));
});

it('looks up a pasted list, says who was not found, and selects', async () => {
  const user = userEvent.setup();
  const { sent } = page(undefined, {
    match_list: () => ({
      list: 4,
      file: null,
      matched: 2,
      matching: 1,
      unmatched_total: 1,
      unmatched: ['nobody_1'],
    }),
    use_list: () => browseState({ rows: 6, revision: 60 }),
  });
  await tree();
  await user.click(screen.getByRole('button', { name: 'List of IDs…' }));
  const dialog = await screen.findByRole('dialog');
  await user.click(within(dialog).getByRole('textbox'));
  await user.paste('patient_11, patient_12 nobody_1');
  expect(await within(dialog).findByText('2 patients found')).toBeVisible();
  expect(within(dialog).getByText('1 ID not found')).toBeVisible();
  expect(within(dialog).getByText('nobody_1')).toBeVisible();
  await user.click(within(dialog).getByRole('button', { name: 'Select only these' }));
  await waitFor(() => expect(sent('use_list')).toEqual([{ list: 4, how: 'replace' }]));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

it('tells that the registry has changed, and reads it anew', async () => {
  const user = userEvent.setup();
  const { host, sent } = page(undefined, {}, { changed: true, data_roots_missing: 1 });
  await tree();
  expect(screen.getByText(/data folder is not there/)).toBeVisible();
  host.answer({
    refresh_registry: () => ({ ...REGISTRY, browse: browseState({ rows: 6, revision: 70 }) }),
  });
  await user.click(screen.getByRole('button', { name: 'Refresh' }));
  await waitFor(() => expect(sent('refresh_registry')).toHaveLength(1));
});

it('keeps the focus on the row that had it, wherever a filter moves it', async () => {
  const user = userEvent.setup();
  const rows = [...ROWS];
  const { sent } = page(undefined, {
    tree_window: ({ offset }) => ({ revision: rows === ROWS ? 1 : 90, total: rows.length, offset, rows }),
    set_filter: (filter: FilterInput) => {
      rows.splice(1, 1);
      return browseState({ rows: rows.length, revision: 90, filter });
    },
    locate: ({ target }) => ({
      row: rows.findIndex((row) => row.item.type === target.type && row.item.id === target.id),
    }),
  });
  const box = await tree();
  box.focus();
  await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}');
  expect(box.getAttribute('aria-activedescendant')).toBe(
    screen.getByRole('treeitem', { name: /patient_13/ }).id,
  );
  await user.keyboard('/x');
  await waitFor(() => expect(sent('locate')).toEqual([{ target: { type: 'patient', id: 13 }, folder: 1 }]));
  await waitFor(() => {
    expect(screen.queryByRole('treeitem', { name: /patient_11/ })).toBeNull();
    expect(box.getAttribute('aria-activedescendant')).toBe(
      screen.getByRole('treeitem', { name: /patient_13/ }).id,
    );
  });
});
