import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications, notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { afterEach, expect, it, vi } from 'vitest';

import { makeQueryClient } from '../../api/client';
import { keys } from '../../api/keys';
import { taskMoved } from '../../api/tasks';
import type { ExportRow } from '../../bindings/ExportRow';
import type { StudiesImported } from '../../bindings/StudiesImported';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import type { StudiesState } from '../../bindings/StudiesState';
import type { StudyColumns } from '../../bindings/StudyColumns';
import { HostContext } from '../../host/context';
import { HostError } from '../../host/types';
import { makeI18n } from '../../i18n';
import { axeViolations } from '../../test/axe';
import { makeFakeHost, type FakeHost } from '../../test/fakeHost';
import { browseState, openRegistry } from '../../test/fixtures';
import { StudiesPage } from './StudiesPage';
import { studiesState, studyLine } from './testing';

afterEach(() => notifications.clean());

const EVIL = '<img src=x onerror=alert(1)>\u202Etxt.exe';
const report = (code: string, message: string) =>
  new HostError({ code, message, hint: 'Do this.', details: [] });

function page(
  first: Partial<StudiesState> = {},
  answers: Parameters<FakeHost['answer']>[0] = {},
  project = 'brain',
  registry: Partial<OpenRegistry> = {},
) {
  document.title = 'Sheaf';
  document.documentElement.lang = 'en';
  let state = studiesState(first);
  const next = (change: Partial<StudiesState>) => {
    state = { ...state, ...change, revision: state.revision + 1 };
    return state;
  };
  const chosen = new Set<number>();
  const host = makeFakeHost({
    studies_state: () => state,
    studies_query: ({ filter, sort }) =>
      next({ filter, sort, matching: filter.q === 'nobody' ? 0 : filter.q === '' ? 100_000 : 12 }),
    studies_rows: ({ offset, limit }) => ({
      revision: state.revision,
      total: state.matching,
      offset,
      rows: Array.from({ length: Math.min(limit, state.matching - offset) }, (_, at) =>
        studyLine(offset + at, {
          selected: chosen.has(offset + at),
          ...(offset + at === 1 ? { patient_name: EVIL } : {}),
        }),
      ),
    }),
    studies_values: ({ field }) => ({
      values:
        field === 'exam_status'
          ? [
              { value: '終審報告', count: 90 },
              { value: '', count: 3 },
            ]
          : [
              { value: 'F', count: 5 },
              { value: 'M', count: 4 },
            ],
      total: 1002,
    }),
    studies_summary: () => ({
      by_status: [
        { value: '終審報告', count: 90 },
        { value: '已刪單', count: 10 },
      ],
      by_source: [{ value: '急診', count: 100 }],
      by_month: [
        { value: '2025-01', count: 40 },
        { value: '2025-02', count: 60 },
      ],
    }),
    studies_select: ({ target }) => {
      if (target.type === 'row') chosen.add(target.row);
      if (target.type === 'rows') for (let row = target.from; row <= target.to; row += 1) chosen.add(row);
      if (target.type === 'none') chosen.clear();
      const selected = target.type === 'all' ? state.matching : chosen.size;
      return next({ selected, matching_selected: selected });
    },
    studies_columns: (columns) => {
      state = { ...state, columns };
      return columns;
    },
    studies_copy: () => ({ rows: 1 }),
    ...answers,
  });
  const client = makeQueryClient();
  client.setQueryData(keys.exports, { exports: [] });
  const view = render(
    <HostContext value={host}>
      <QueryClientProvider client={client}>
        <MantineProvider env="test">
          <I18nextProvider i18n={makeI18n('en')}>
            <ModalsProvider>
              <Notifications />
              <main>
                <StudiesPage
                  registry={openRegistry({ project: project === '' ? null : project, ...registry })}
                />
              </main>
            </ModalsProvider>
          </I18nextProvider>
        </MantineProvider>
      </QueryClientProvider>
    </HostContext>,
  );
  const sent = (command: string) =>
    host.calls.filter((call) => call.command === command).map((call) => call.input);
  return { host, client, sent, view };
}

const filters = () => within(screen.getByRole('group', { name: 'Filter studies' }));
const table = async () => {
  await screen.findByRole('row', { name: /E000000/ });
  return screen.getByRole('grid', { name: 'Studies' });
};

it('shows studies as text, how many, and in which time zone', async () => {
  page();
  const grid = await table();
  expect(grid).toHaveAttribute('aria-rowcount', '100001');
  expect(screen.getByTestId('studies-count')).toHaveTextContent('100,000 of 100,000');
  expect(screen.getByTestId('studies-zone')).toHaveTextContent('Times in Asia/Shanghai');
  expect(screen.getByText(EVIL)).toHaveClass('name');
  expect(grid.querySelector('img')).toBeNull();
  expect(screen.getByRole('columnheader', { name: 'Ordered' })).toHaveAttribute('aria-sort', 'descending');
  expect(await screen.findByRole('img', { name: 'Status: 終審報告 90, 已刪單 10' })).toBeVisible();
  expect(screen.getByRole('img', { name: /2025-01 to 2025-02; most in 2025-02: 60/ })).toBeInTheDocument();
  // Only what is in sight was asked for.
  expect(screen.getAllByRole('row').length).toBeLessThan(60);
  expect(await axeViolations()).toEqual([]);
});

it('searches while one types, and minds the newest answer only', async () => {
  const user = userEvent.setup();
  const waiting: { q: string; answer: () => void }[] = [];
  page(
    {},
    {
      studies_query: ({ filter, sort }) =>
        new Promise((resolve) => {
          waiting.push({
            q: filter.q,
            answer: () =>
              resolve(
                studiesState({ filter, sort, revision: 5 + filter.q.length, matching: filter.q.length }),
              ),
          });
        }),
    },
  );
  await table();
  await user.keyboard('/');
  await user.keyboard('a');
  await waitFor(() => expect(waiting).toHaveLength(1));
  await user.keyboard('b');
  await waitFor(() => expect(waiting.map(({ q }) => q)).toEqual(['a', 'ab']));
  waiting[1]?.answer();
  await waitFor(() => expect(screen.getByTestId('studies-count')).toHaveTextContent('2 of 100,000'));
  waiting[0]?.answer();
  await new Promise((resolve) => setTimeout(resolve));
  expect(screen.getByTestId('studies-count')).toHaveTextContent('2 of 100,000');
  expect(screen.getByRole('searchbox')).toHaveValue('ab');
});

it('filters by values with counts, as chips that can be taken away', async () => {
  const user = userEvent.setup();
  const { sent } = page();
  await table();
  await user.click(filters().getByRole('button', { name: 'Sex' }));
  const women = await screen.findByRole('checkbox', { name: /F\s*5/ });
  await user.click(women);
  await waitFor(() =>
    expect(sent('studies_query').at(-1)).toMatchObject({ filter: { patient_gender: ['F'] } }),
  );
  // How many have a value is counted beside what else narrows.
  expect(sent('studies_values')[0]).toMatchObject({
    field: 'patient_gender',
    filter: { patient_gender: [] },
  });
  // Of more values than are shown the rest is told, and typing asks for those that have it.
  expect(screen.getByText(/1,000/)).toBeVisible();
  await user.type(screen.getByRole('textbox', { name: /Sex/ }), 'fem');
  await waitFor(() => expect(sent('studies_values').at(-1)).toMatchObject({ contains: 'fem' }));
  await user.keyboard('{Escape}');
  await user.click(filters().getByRole('button', { name: 'Status' }));
  await user.click(await screen.findByRole('radio', { name: /\(empty\)/ }));
  await waitFor(() => expect(sent('studies_query').at(-1)).toMatchObject({ filter: { exam_status: '' } }));
  await user.keyboard('{Escape}');
  await user.click(screen.getByRole('button', { name: 'Remove filter: Sex: F' }));
  await waitFor(() =>
    expect(sent('studies_query').at(-1)).toMatchObject({ filter: { patient_gender: [], exam_status: '' } }),
  );
});

it('takes ages and days, and says what is wrong with them in their place', async () => {
  // As an engine that counts UTC among its zones.
  vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(['UTC', 'Asia/Shanghai']);
  const user = userEvent.setup();
  const { sent, host } = page();
  await table();
  await user.click(filters().getByRole('button', { name: 'Age' }));
  const from = await screen.findByRole('textbox', { name: 'From' });
  await user.type(from, 'old{Enter}');
  expect(from).toHaveAccessibleDescription('Whole years, please.');
  expect(sent('studies_query')).toEqual([]);
  await user.clear(from);
  await user.type(from, '60{Enter}');
  await waitFor(() =>
    expect(sent('studies_query').at(-1)).toMatchObject({ filter: { patient_age_min: 60 } }),
  );
  host.answer({
    studies_query: () => {
      throw report('INVALID_FILTER', 'start_date is no day.');
    },
  });
  await user.click(filters().getByRole('button', { name: 'Checked in' }));
  await user.type(await screen.findByRole('textbox', { name: 'From' }), '2025-13-01{Enter}');
  expect(await screen.findByRole('alert')).toHaveTextContent('start_date');
  // What was said stays there to be corrected, and the studies of before with it.
  expect(screen.getByText('Checked in from 2025-13-01')).toBeVisible();
  expect(screen.getByRole('grid')).toBeVisible();
});

it('sorts, moves and resizes columns with the keyboard alone', async () => {
  const user = userEvent.setup();
  const { sent } = page();
  const grid = await table();
  const head = () => screen.getAllByRole('columnheader').map((each) => each.textContent);
  const button = (name: string) => within(screen.getByRole('columnheader', { name })).getByRole('button');
  button('Exam ID').focus();
  await user.keyboard('{ArrowRight}{ArrowRight}');
  expect(button('Patient')).toHaveFocus();
  await user.keyboard('{Enter}');
  await waitFor(() => expect(sent('studies_query').at(-1)).toMatchObject({ sort: 'patient_name_asc' }));
  expect(screen.getByRole('columnheader', { name: 'Patient' })).toHaveAttribute('aria-sort', 'ascending');
  await user.keyboard('{Enter}');
  await waitFor(() => expect(sent('studies_query').at(-1)).toMatchObject({ sort: 'patient_name_desc' }));
  await user.keyboard('{Alt>}{ArrowLeft}{ArrowLeft}{/Alt}');
  expect(head().slice(0, 3)).toEqual(['', 'Patient', 'Exam ID']);
  expect(button('Patient')).toHaveFocus();
  const before = grid.style.getPropertyValue('--columns');
  await user.keyboard('{Shift>}{ArrowRight}{/Shift}');
  expect(grid.style.getPropertyValue('--columns')).not.toBe(before);
  await waitFor(() =>
    expect(sent('studies_columns').at(-1)).toMatchObject({ widths: { patient_name: 156 } }),
  );
});

it('selects with keys and mouse, shows how many, and copies them', async () => {
  const user = userEvent.setup();
  const { sent } = page();
  const grid = await table();
  grid.focus();
  await user.keyboard(' {Shift>}{ArrowDown}{ArrowDown}{/Shift}');
  await waitFor(() =>
    expect(sent('studies_select').map((input) => (input as { target: unknown }).target)).toEqual([
      { type: 'row', row: 0 },
      { type: 'rows', from: 0, to: 1, on: true },
      { type: 'rows', from: 0, to: 2, on: true },
    ]),
  );
  expect(await screen.findByText('3 selected')).toBeVisible();
  await waitFor(() =>
    expect(screen.getByRole('row', { name: /E000002/ })).toHaveAttribute('aria-selected', 'true'),
  );
  await user.keyboard('{Control>}c{/Control}');
  await waitFor(() => expect(sent('studies_copy')).toMatchObject([{ row: null }]));
  await user.keyboard('{Control>}a{/Control}');
  expect(await screen.findByText('100,000 selected')).toBeVisible();
  expect(screen.getByRole('checkbox', { name: 'Select all that match' })).toBeChecked();
  await user.keyboard('{Control>}{Shift>}a{/Shift}{/Control}');
  await waitFor(() => expect(screen.queryByTestId('studies-selected')).not.toBeInTheDocument());
  // A click shows a study and selects nothing; with Ctrl it selects.
  const asked = sent('studies_select').length;
  await user.click(screen.getByText('E000004'));
  expect(await screen.findByRole('complementary', { name: 'Study' })).toHaveTextContent('E000004');
  expect(sent('studies_select')).toHaveLength(asked);
  await user.keyboard('{Control>}');
  await user.click(screen.getByText('E000005'));
  await user.keyboard('{/Control}');
  await waitFor(() =>
    expect(sent('studies_select').at(-1)).toMatchObject({ target: { type: 'row', row: 5 } }),
  );
});

it('shows one study whole, and goes on to the next', async () => {
  const user = userEvent.setup();
  page();
  const grid = await table();
  grid.focus();
  await user.keyboard('{Enter}');
  const pane = await screen.findByRole('complementary', { name: 'Study' });
  expect(pane).toHaveTextContent('1960-01-31');
  expect(pane).toHaveTextContent('Times (Asia/Shanghai)');
  await user.keyboard('{ArrowDown}');
  await waitFor(() => expect(pane).toHaveTextContent('E000001'));
  expect(pane.querySelector('img')).toBeNull();
  expect(await axeViolations()).toEqual([]);
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('complementary')).not.toBeInTheDocument());
});

const row = (name: string): ExportRow => ({ id: 'e1', name }) as ExportRow;

it('exports and takes patients along only when Rust has the last word', async () => {
  const user = userEvent.setup();
  let answer: () => void = () => undefined;
  const { sent } = page(
    {},
    {
      studies_query: ({ filter, sort }) =>
        new Promise((resolve) => {
          answer = () => resolve(studiesState({ filter, sort, matching: 12, revision: 50 }));
        }),
      studies_export: () => row('studies_export_1'),
    },
  );
  await table();
  await user.type(screen.getByRole('searchbox'), 'x');
  await waitFor(() => expect(sent('studies_query')).toHaveLength(1));
  await user.click(screen.getByTestId('studies-export'));
  const form = await screen.findByRole('dialog', { name: 'Export' });
  await user.click(within(form).getByRole('button', { name: 'Export…' }));
  expect(sent('studies_export')).toEqual([]);
  answer();
  await waitFor(() => expect(sent('studies_export')).toHaveLength(1));
});

it('exports as XLSX unless one says otherwise, and warns of what Excel does to CSV', async () => {
  const user = userEvent.setup();
  const { sent } = page({}, { studies_export: () => row('studies_export_1') });
  await table();
  await user.click(screen.getByTestId('studies-export'));
  const form = await screen.findByRole('dialog', { name: 'Export' });
  await user.click(within(form).getByText('CSV'));
  expect(within(form).getByRole('note')).toHaveTextContent('drops leading zeros');
  expect(within(form).getByRole('checkbox', { name: /Byte order mark/ })).toBeChecked();
  expect(await axeViolations()).toEqual([]);
  await user.click(within(form).getByRole('button', { name: 'Use XLSX, which keeps them' }));
  expect(within(form).queryByRole('note')).not.toBeInTheDocument();
  await user.click(within(form).getByRole('checkbox', { name: /sha256/ }));
  await user.click(within(form).getByRole('button', { name: 'Export…' }));
  await waitFor(() =>
    expect(sent('studies_export')).toMatchObject([
      { what: 'matching', format: 'xlsx', bom: false, sha256_file: true },
    ]),
  );
  expect((sent('studies_export')[0] as { columns: string[] }).columns).toHaveLength(14);
  await user.click(await screen.findByRole('button', { name: 'View' }));
  expect(window.location.hash).toBe('#exports/e1');
});

it('says why a table cannot be had: too many, not allowed, or an error in its place', async () => {
  const user = userEvent.setup();
  const { sent } = page({ limit: 50_000 });
  await table();
  await user.keyboard('{Control>}{Enter}{/Control}');
  const form = await screen.findByRole('dialog', { name: 'Export' });
  expect(within(form).getByTestId('studies-blocked')).toHaveTextContent(
    '100,000 studies are more than the limit of 50,000',
  );
  await user.click(within(form).getByRole('button', { name: 'Export…' }));
  expect(sent('studies_export')).toEqual([]);
  await user.click(within(form).getByRole('button', { name: 'change the limit in Settings' }));
  expect(window.location.hash).toBe('#settings/limits');
});

it('chooses columns, orders them, and keeps sets of them', async () => {
  const user = userEvent.setup();
  const { sent } = page();
  await table();
  await user.click(screen.getByRole('button', { name: 'Columns…' }));
  const dialog = await screen.findByRole('dialog', { name: 'Columns' });
  expect(within(dialog).getByRole('button', { name: 'List (14)' })).toHaveAttribute('aria-pressed', 'true');
  await user.click(within(dialog).getByRole('checkbox', { name: 'Age' }));
  await user.click(within(dialog).getByRole('button', { name: 'Move Record no. up' }));
  await user.type(within(dialog).getByRole('textbox', { name: 'Save these columns as' }), 'mine{Enter}');
  // Whichever is kept last holds both: the order and the set.
  await waitFor(() => {
    const kept = sent('studies_columns').at(-1) as StudyColumns;
    expect(kept.shown.slice(0, 2)).toEqual(['medical_record_no', 'exam_id']);
    expect(kept.sets.map((set) => set.name)).toEqual(['mine']);
  });
  expect(await within(dialog).findByRole('button', { name: 'mine' })).toHaveAttribute('aria-pressed', 'true');
  expect(await axeViolations()).toEqual([]);
});

it('keeps columns that were changed just before the page was left', async () => {
  const user = userEvent.setup();
  const { sent, view } = page();
  await table();
  await user.click(screen.getByRole('button', { name: 'Columns…' }));
  await user.click(await screen.findByRole('checkbox', { name: 'Age' }));
  view.unmount();
  await waitFor(() => expect(sent('studies_columns')).toHaveLength(1));
});

it('takes back only what its message is about', async () => {
  const user = userEvent.setup();
  const carried = browseState({ revision: 9 });
  const { sent, client } = page(
    {},
    {
      studies_to_patients: () => ({ matched: 7, unmatched_total: 0, without_number: 0, state: carried }),
      undo: () => browseState(),
    },
  );
  await table();
  await user.click(screen.getByTestId('studies-patients'));
  const undo = await screen.findByRole('button', { name: 'Undo' });
  client.setQueryData(keys.browse, browseState({ revision: 10 }));
  await user.click(undo);
  expect(await screen.findByText(/Something else was chosen since/)).toBeVisible();
  expect(sent('undo')).toEqual([]);
});

it('carries patients over to New export, and says who was not found', async () => {
  const user = userEvent.setup();
  const { sent, client } = page(
    {},
    {
      studies_to_patients: () => ({
        matched: 7,
        unmatched_total: 2,
        without_number: 3,
        state: browseState({ revision: 9 }),
      }),
    },
  );
  await table();
  await user.click(screen.getByTestId('studies-patients'));
  expect(await screen.findByText('7 patients selected')).toBeVisible();
  expect(
    screen.getByText(/2 record numbers belong to no patient here. 3 studies have no record number/),
  ).toBeVisible();
  expect(sent('studies_to_patients')).toEqual([{ what: 'matching', add: false }]);
  expect(window.location.hash).toBe('#new-export');
  expect(client.getQueryData(keys.browse)).toMatchObject({ revision: 9 });
});

it('says why nobody can match', async () => {
  const user = userEvent.setup();
  const { sent } = page({ record_numbers: false });
  await table();
  await user.click(screen.getByTestId('studies-patients'));
  expect(await screen.findByText(/No patient of this registry has a record number/)).toBeVisible();
  expect(sent('studies_to_patients')).toEqual([]);
});

it('keeps a table of record numbers, and lists the rows that were rejected', async () => {
  const user = userEvent.setup();
  const { sent } = page(
    { record_numbers: false },
    {
      import_record_numbers: () => ({
        imported: 5,
        rejected_total: 1,
        rejected: [{ line: 3, field: 'patient_id', reason: 'empty' }],
      }),
      copy_rejected: () => ({}),
      save_rejected: () => ({ path: '/data/rejected.csv' }),
    },
  );
  await table();
  await user.click(screen.getByTestId('studies-patients'));
  await user.click(await screen.findByRole('button', { name: /Open a table of record numbers/ }));
  const dialog = await screen.findByRole('dialog', { name: 'Table of record numbers' });
  expect(within(dialog).getByText('5 record numbers kept.')).toBeVisible();
  expect(within(dialog).getByText(/1 row was rejected/)).toBeVisible();
  expect(within(dialog).getByText('Line 3: Patient id: Nothing stands there')).toBeVisible();
  expect(sent('import_record_numbers')).toEqual([{}]);
  expect(await axeViolations()).toEqual([]);
  await user.click(within(dialog).getByRole('button', { name: 'Copy these rows' }));
  await user.click(within(dialog).getByRole('button', { name: 'Save as CSV…' }));
  expect(await screen.findByText('/data/rejected.csv')).toBeVisible();
  expect(sent('copy_rejected')).toEqual([{}]);
});

it('adds patients to those that are selected, and forgets a table of record numbers', async () => {
  const user = userEvent.setup();
  const { sent } = page(
    { own_record_numbers: 5 },
    {
      studies_to_patients: () => ({
        matched: 1,
        unmatched_total: 0,
        without_number: 0,
        state: browseState(),
      }),
      remove_record_numbers: () => ({}),
    },
  );
  await table();
  await user.click(screen.getByRole('button', { name: 'More ways to use these patients' }));
  expect(await screen.findByText('5 record numbers of your table are in use')).toBeVisible();
  await user.click(screen.getByRole('menuitem', { name: 'Forget this table' }));
  expect(await screen.findByText('The table of record numbers is forgotten')).toBeVisible();
  expect(sent('remove_record_numbers')).toEqual([{}]);
  await user.click(screen.getByRole('button', { name: 'More ways to use these patients' }));
  await user.click(await screen.findByRole('menuitem', { name: 'Add them to the selection' }));
  await waitFor(() => expect(sent('studies_to_patients')).toEqual([{ what: 'matching', add: true }]));
});

const imported: StudiesImported = {
  name: 'hospital.xlsx',
  time_zone: 'Asia/Shanghai',
  imported: 3000,
  rejected_total: 0,
  rejected: [],
  absent_fields: [],
  ignored_columns: [],
  ignored_sheets: [],
};

it('opens a list of studies where the registry has none, and tells what was not read', async () => {
  const user = userEvent.setup();
  let read = false;
  const { sent, host } = page({ total: 0, matching: 0 });
  host.answer({
    studies_state: () => (read ? studiesState({ list }) : studiesState({ total: 0, matching: 0 })),
    import_studies: () => {
      read = true;
      return {
        ...imported,
        rejected_total: 1200,
        rejected: [
          { line: 5, field: 'order_datetime', reason: 'not_a_time' },
          { line: 7, field: 'exam_id', reason: 'taken' },
        ],
        absent_fields: ['patient_age', 'exam_room'],
        ignored_columns: ['備註'],
      };
    },
  });
  const list = { name: 'hospital.xlsx', read_at: '2025-01-31T08:00:00Z' };
  await user.click(await screen.findByRole('button', { name: 'Open a list of studies…' }));
  const dialog = await screen.findByRole('dialog', { name: 'hospital.xlsx' });
  expect(within(dialog).getByText(/3,000 studies read\. .*Asia\/Shanghai/)).toBeVisible();
  expect(within(dialog).getByText('It has no column for: Age, Room.')).toBeVisible();
  expect(within(dialog).getByText('Columns that were not read: 備註.')).toBeVisible();
  expect(within(dialog).getByText(/1,200 rows were rejected\. The first 2:/)).toBeVisible();
  expect(within(dialog).getByText('Line 5: Ordered: No date and time that can be told')).toBeVisible();
  expect(sent('import_studies')).toEqual([expect.objectContaining({ time_zone: 'Asia/Shanghai' })]);
  expect(await axeViolations()).toEqual([]);
  await user.click(within(dialog).getByRole('button', { name: 'Close' }));
  expect(await screen.findByTestId('studies-from')).toHaveTextContent('From hospital.xlsx');
});

it('shows how far a list is read, stops it, and forgets it', async () => {
  const user = userEvent.setup();
  let stop = (): void => undefined;
  const { sent, host } = page({ list: { name: 'old.csv', read_at: null } });
  host.answer({
    import_studies: ({ task }) => {
      taskMoved(task, {
        phase: 'preparing',
        files_done: 2048,
        files_total: 0,
        bytes_done: 0,
        bytes_total: 0,
        bytes_per_second: null,
        seconds_left: null,
        current: null,
        stalled: false,
      });
      return new Promise((_, reject) => (stop = () => reject(report('CANCELLED', 'Stopped.'))));
    },
    cancel_task: () => {
      stop();
      return {};
    },
    forget_studies: () => ({}),
  });
  await table();
  const open = async (item: string) => {
    await user.click(screen.getByTestId('studies-list'));
    await user.click(await screen.findByRole('menuitem', { name: item }));
  };
  await open('Open a list of studies…');
  const dialog = await screen.findByRole('dialog', { name: 'Reading the list' });
  expect(within(dialog).getByText('2,048 rows')).toBeVisible();
  await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(screen.queryByText('Stopped.')).toBeNull();
  await open('Forget this list');
  expect(await screen.findByText('The list of studies is forgotten')).toBeVisible();
  expect(sent('forget_studies')).toEqual([{}]);
});

it('says in a word that a list was read whole, and leaves the earlier one where it cannot be', async () => {
  const user = userEvent.setup();
  const { host } = page();
  const open = async () => {
    await table();
    await user.click(screen.getByTestId('studies-list'));
    await user.click(await screen.findByRole('menuitem', { name: 'Open a list of studies…' }));
  };
  host.answer({ import_studies: () => imported });
  await open();
  expect(await screen.findByText('3,000 studies read')).toBeVisible();
  host.answer({
    import_studies: () => {
      throw report('TABLE_UNREADABLE', 'hospital.xlsx cannot be read.');
    },
  });
  await open();
  expect(await screen.findByText(/hospital\.xlsx cannot be read/)).toBeVisible();
});

it('offers no list to whoever acts as somebody else', async () => {
  page({}, {}, 'brain', { user: 'vera' });
  await table();
  expect(screen.queryByTestId('studies-list')).toBeNull();
});

it('says that nothing matches, and that there is nothing at all', async () => {
  const user = userEvent.setup();
  page();
  await table();
  await user.type(screen.getByRole('searchbox'), 'nobody');
  expect(await screen.findByText('No study matches.')).toBeVisible();
  await user.click(screen.getByRole('button', { name: 'Clear text and filter' }));
  await table();
});

it('says that a registry has no studies, and to whom it shows none', async () => {
  page({ total: 0, matching: 0 });
  expect(await screen.findByText('This registry has no studies')).toBeVisible();
  cleanup();
  page({ total: 0, matching: 0, may_read: false });
  expect(await screen.findByText('You may not see the studies of this registry')).toBeVisible();
  expect(screen.getByTestId('studies-list')).toBeVisible();
  cleanup();
  page({ total: 0, matching: 0, may_read: false }, {}, 'brain', { user: 'vera' });
  expect(await screen.findByText('You may not see the studies of this registry')).toBeVisible();
  expect(screen.queryByTestId('studies-list')).not.toBeInTheDocument();
  cleanup();
  // Of a server nobody is the owner: whoever looks at it brings a list.
  page({ total: 0, matching: 0, may_read: false }, {}, 'brain', { user: 'vera', needs_user: true });
  expect(await screen.findByTestId('studies-list')).toBeVisible();
});

it('has an error in its place, with a way to try again', async () => {
  const user = userEvent.setup();
  const { host } = page(
    {},
    {
      studies_state: () => {
        throw report('REGISTRY_CORRUPT', 'A time of a study is no time.');
      },
    },
  );
  expect(await screen.findByRole('alert')).toHaveTextContent('Do this.');
  host.answer({ studies_state: () => studiesState() });
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  await table();
});
