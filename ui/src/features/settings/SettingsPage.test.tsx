import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';

import { App } from '../../app/App';
import { HostError } from '../../host/types';
import { axeViolations } from '../../test/axe';
import { makeFakeHost } from '../../test/fakeHost';
import {
  dataRoot,
  openRegistry,
  PREFERENCES,
  recentRegistry,
  settingsView,
  startup,
} from '../../test/fixtures';
import { fieldOf, formOf, inputOf, reasonOf, sizeAsWritten } from './limits';

const report = (code: string, message: string, details: string[] = []) => ({
  code,
  message,
  hint: '',
  details,
});

function host() {
  return makeFakeHost({
    start: () => startup({ registry: openRegistry() }),
    exports: () => ({ exports: [] }),
    recent_registries: () => ({ recent: [recentRegistry()] }),
    settings: () => settingsView(),
    destination: () => ({ folder: '/data/out', free_bytes: 1.2e12, largest_file: null, problem: null }),
    data_roots: () => ({
      roots: [
        dataRoot({
          prefix: 'scans/',
          location: '/mnt/nas',
          problem: report('ROOT_MISSING', 'The folder /mnt/nas is not there.'),
        }),
      ],
    }),
    set_preferences: (preferences) => preferences,
  });
}

beforeEach(() => {
  window.location.hash = '#settings';
  document.title = 'Sheaf';
});

describe('settings', () => {
  it('change the appearance at once, keep it, and take it back', async () => {
    const fake = host();
    render(<App host={fake} />);
    const user = userEvent.setup();
    const colours = await screen.findByRole('radiogroup', { name: 'Colours' });
    await user.click(within(colours).getByRole('radio', { name: 'Dark' }));
    expect(document.documentElement).toHaveAttribute('data-mantine-color-scheme', 'dark');
    expect(await screen.findByText('Colours: saved')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Undo' }));
    await waitFor(() =>
      expect(document.documentElement).toHaveAttribute('data-mantine-color-scheme', 'light'),
    );
    expect(fake.calls.filter((call) => call.command === 'set_preferences').map((call) => call.input)).toEqual(
      [
        { ...PREFERENCES, appearance: 'dark' },
        { ...PREFERENCES, appearance: 'light' },
      ],
    );
  });

  it('go back to what was when they cannot be kept, and say why', async () => {
    const fake = host();
    fake.answer({
      set_preferences: () => {
        throw new HostError(report('HOME_UNUSABLE', 'The home cannot be written.'));
      },
    });
    render(<App host={fake} />);
    const user = userEvent.setup();
    const awake = await screen.findByRole('switch', { name: 'Keep the computer awake' });
    expect(awake).toBeChecked();
    await user.click(awake);
    expect(await screen.findByText('The home cannot be written.')).toBeVisible();
    expect(awake).toBeChecked();
    fake.answer({ set_preferences: (preferences) => preferences });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(awake).not.toBeChecked());
  });

  it('never lose one change to another that was made at the same time', async () => {
    const fake = host();
    render(<App host={fake} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('switch', { name: 'Keep the computer awake' }));
    await user.click(screen.getByRole('switch', { name: 'Notify when an export ends' }));
    await waitFor(() =>
      expect(fake.calls.filter((call) => call.command === 'set_preferences').at(-1)?.input).toEqual({
        ...PREFERENCES,
        keep_awake: false,
        notifications: false,
      }),
    );
  });

  it('speak Italian without a reload', async () => {
    render(<App host={host()} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('radio', { name: 'Italiano' }));
    expect(await screen.findByRole('heading', { level: 1, name: 'Impostazioni' })).toBeVisible();
    expect(screen.getByRole('link', { name: 'Esporta' })).toBeVisible();
    expect(screen.getByRole('button', { name: /^Progetto\s*Brain tumours/ })).toBeVisible();
    expect(screen.getByText('1,2 TB liberi')).toBeVisible();
    expect(document.documentElement).toHaveAttribute('lang', 'it');
    await user.click(screen.getByRole('radio', { name: 'English' }));
    expect(await screen.findByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  });

  it('show what is wrong with a limit at its field, and keep what was typed', async () => {
    const fake = host();
    fake.answer({
      set_limits: (input) => {
        if (input.max_bytes_per_export === 'lots')
          throw new HostError(
            report('SETTINGS_INVALID', '`max_bytes_per_export`: `lots` is no size; write bytes.'),
          );
        return settingsView({ limits: { ...settingsView().limits, max_bytes_per_export: 2e12 } });
      },
    });
    render(<App host={fake} />);
    const user = userEvent.setup();
    const field = await screen.findByRole('textbox', { name: 'Most data in one export' });
    expect(field).toHaveValue('500 GB');
    await user.clear(field);
    await user.type(field, 'lots{Enter}');
    expect(await screen.findByText('`lots` is no size; write bytes.')).toBeVisible();
    expect(field).toBeInvalid();
    expect(field).toHaveAccessibleDescription(/is no size/);
    expect(field).toHaveFocus();
    expect(field).toHaveValue('lots');

    await user.clear(field);
    await user.type(field, '2000 GB');
    expect(field).toBeValid();
    await user.click(screen.getByRole('button', { name: 'Save limits' }));
    expect(await screen.findByText('The limits are saved.')).toBeVisible();
    expect(field).toHaveValue('2 TB');
    expect(fake.calls.filter((call) => call.command === 'set_limits').at(-1)?.input).toEqual({
      max_bytes_per_export: '2000 GB',
      max_patients_per_export: '',
      max_studies_per_export: '',
      max_kept_bytes_per_user: '',
      free_space_reserve: '1 GiB',
      concurrent_jobs: 1,
    });
  });

  it('locate a folder of files', async () => {
    const fake = host();
    fake.answer({
      check_data_root: ({ id }) => ({
        id,
        sampled: 12,
        found: 12,
        other_size: [],
        missed: [],
        problem: null,
      }),
      locate_data_root: () => ({
        roots: [dataRoot({ prefix: 'scans/', location: '/media/scans', located: true })],
      }),
    });
    render(<App host={fake} />);
    const user = userEvent.setup();
    expect(await screen.findByText(/The folder \/mnt\/nas is not there/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Locate Files under scans/…' }));
    expect(await screen.findByText(/Located on this computer/)).toBeVisible();
    expect(screen.queryByText(/is not there/)).not.toBeInTheDocument();
    expect(await screen.findByText('12 of 12 sampled files found')).toBeVisible();
    expect(fake.calls).toContainEqual({ command: 'locate_data_root', input: { id: 1 } });
  });

  it('tell which of some files are not found, and why none is', async () => {
    const fake = host();
    const missed = [3, 7, 8, 9, 11].map((id) => ({ id, code: 'SOURCE_MISSING' }));
    fake.answer({
      check_data_root: ({ id }) => ({ id, sampled: 12, found: 7, other_size: [], missed, problem: null }),
    });
    render(<App host={fake} />);
    const user = userEvent.setup();
    const check = await screen.findByRole('button', { name: 'Check files: Files under scans/' });
    await user.click(check);
    expect(await screen.findByText('7 of 12 sampled files found')).toBeVisible();
    expect(
      screen.getByText(
        'Not found: file 3 (Missing), file 7 (Missing), file 8 (Missing), file 9 (Missing), …',
      ),
    ).toBeVisible();
    const problem = report('ROOT_MISSING', 'The bucket does not answer.');
    fake.answer({
      check_data_root: ({ id }) => ({ id, sampled: 12, found: 0, other_size: [], missed, problem }),
    });
    await user.click(check);
    expect(await screen.findByText(/The bucket does not answer/)).toBeVisible();
    fake.answer({
      check_data_root: ({ id }) => ({ id, sampled: 0, found: 0, other_size: [], missed: [], problem: null }),
    });
    await user.click(check);
    expect(await screen.findByText('No file here that you may see')).toBeVisible();
  });

  it('tell files of another size apart from those that are not found', async () => {
    const fake = host();
    const other_size = [3, 7, 8, 9, 11].map((id) => ({ id, bytes: 1432, registered: id }));
    const missed = [{ id: 12, code: 'SOURCE_MISSING' }];
    const check = { sampled: 12, found: 6, other_size, missed, problem: null };
    fake.answer({ check_data_root: ({ id }) => ({ id, ...check }) });
    render(<App host={fake} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: 'Check files: Files under scans/' }));
    expect(await screen.findByText('6 of 12 sampled files found')).toBeVisible();
    expect(
      screen.getByText(/^5 of another size: file 3 \(1,432 B, registered 3 B\), .*file 9 \([^)]*\), …$/),
    ).toBeVisible();
    expect(screen.getByText('Not found: file 12 (Missing)')).toBeVisible();
  });

  it('say that files are in a bucket, when they were found there', async () => {
    const fake = host();
    const bucket = {
      bucket: 'scans',
      prefix: 'lab',
      endpoint: 'https://minio.lab',
      region: '',
      path_style: null,
    };
    fake.answer({
      test_bucket: ({ id }) => ({ id, sampled: 12, found: 12, other_size: [], missed: [], problem: null }),
      check_data_root: ({ id }) => ({
        id,
        sampled: 12,
        found: 12,
        other_size: [],
        missed: [],
        problem: null,
      }),
      use_bucket: () => ({
        roots: { roots: [dataRoot({ prefix: 'scans/', location: 's3://scans/lab', bucket, located: true })] },
        not_kept: report('DESKTOP_UNAVAILABLE', 'There is no keyring.'),
      }),
    });
    render(<App host={fake} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: 'Files under scans/ in a bucket…' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Files in a bucket' }));
    expect(dialog.getByRole('button', { name: 'Use this bucket' })).toHaveAccessibleDescription(
      'Say the bucket.',
    );
    await user.keyboard('{Enter}');
    expect(dialog.getByRole('textbox', { name: 'Bucket' })).toBeInvalid();
    await user.keyboard('scans');
    expect(dialog.getByRole('textbox', { name: 'Bucket' })).toBeValid();
    const style = dialog.getByRole('checkbox', { name: /stands in the path/ });
    for (const told of [/Otherwise it stands/, /Otherwise it stands/, /As is usual/]) {
      await user.click(style);
      expect(dialog.getByText(told)).toBeVisible();
    }
    await user.type(dialog.getByRole('textbox', { name: 'Folder in it' }), 'lab');
    await user.type(dialog.getByRole('textbox', { name: 'Endpoint' }), 'https://minio.lab');
    await user.type(dialog.getByRole('textbox', { name: 'Access key' }), 'lab-key');
    expect(dialog.getByText('An access key goes with a secret key.')).toBeVisible();
    await user.type(dialog.getByLabelText('Secret key'), 'hush');
    await user.click(dialog.getByRole('checkbox', { name: /keyring/ }));
    await user.click(dialog.getByRole('button', { name: 'Test' }));
    expect(await dialog.findByText('12 of 12 sampled files found')).toBeVisible();
    expect(await axeViolations()).toEqual([]);
    await user.click(dialog.getByRole('button', { name: 'Use this bucket' }));
    expect(await screen.findByText('s3://scans/lab')).toBeVisible();
    expect(await screen.findByText('There is no keyring.')).toBeVisible();
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(await screen.findByText('12 of 12 sampled files found')).toBeVisible();
    expect(fake.calls.find((call) => call.command === 'use_bucket')?.input).toEqual({
      id: 1,
      bucket,
      key: { id: 'lab-key', secret: 'hush' },
      keep_key: true,
    });
  });

  it('keep of a source what one user may read, and all of it again', async () => {
    const users = [{ name: 'mo', role: 'annotator' }];
    const of = (user: string | null, kept: string | null) =>
      openRegistry({ users, user, kept_for: { user: kept } });
    const fake = host();
    fake.answer({
      start: () => startup({ registry: of('mo', null) }),
      keep_for: ({ user: kept }) => of('mo', kept),
    });
    render(<App host={fake} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: 'Keep only what mo may read' }));
    expect(await screen.findByText('Only what mo may read, each time it is read.')).toBeVisible();
    expect(await axeViolations()).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Keep what everybody may read' }));
    expect(await screen.findByText('All that its source’s account may read.')).toBeVisible();
    const asked = fake.calls.filter((call) => call.command === 'keep_for').map((call) => call.input);
    expect(asked).toEqual([{ user: 'mo' }, { user: null }]);
  });

  it('say to an owner as whom less is kept, and nothing of a registry that is no copy', async () => {
    const fake = host();
    fake.answer({ start: () => startup({ registry: openRegistry({ kept_for: { user: null } }) }) });
    const { unmount } = render(<App host={fake} />);
    expect(await screen.findByText(/Look at it as one of its users/)).toBeVisible();
    expect(screen.queryByRole('button', { name: /may read/ })).not.toBeInTheDocument();
    unmount();
    render(<App host={host()} />);
    expect(await screen.findByRole('button', { name: 'Refresh' })).toBeVisible();
    expect(screen.queryByText('What is kept here')).not.toBeInTheDocument();
  });

  it('tell what was odd in a source, with counts and examples', async () => {
    const odd = [
      { code: 'PATH_OUTSIDE', count: 1200, examples: ['scans 7', 'scans 8: <b>x</b>'] },
      { code: 'OF_TOMORROW', count: 1, examples: [] },
    ];
    const fake = host();
    fake.answer({ start: () => startup({ registry: openRegistry({ oddities: odd }) }) });
    render(<App host={fake} />);
    const list = within(await screen.findByTestId('oddities'));
    expect(list.getByText('Paths under no known prefix: never exported')).toBeVisible();
    expect(list.getByText('1,200')).toBeVisible();
    expect(list.getByText('Such as scans 7; scans 8: <b>x</b>')).toBeVisible();
    expect(list.getByText('OF_TOMORROW')).toBeVisible();
  });

  it('say whether notifications can be seen, and try one', async () => {
    const fake = host();
    fake.answer({ test_notification: () => ({ available: false, about: 'No daemon answers.' }) });
    render(<App host={fake} />);
    const user = userEvent.setup();
    expect(await screen.findByText('This desktop shows notifications')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Send a test' }));
    expect(await screen.findByText('This desktop shows no notifications')).toBeVisible();
    expect(screen.getByText(/^No notification daemon answers/)).toBeVisible();
  });
});

describe('limits as text', () => {
  it.each([
    [500_000_000_000, '500 GB'],
    [1_500_000_000_000, '1.5 TB'],
    [2 ** 30, '1 GiB'],
    [3 * 2 ** 20, '3 MiB'],
    [1_234_567, '1234567'],
    [0, '0'],
    [999, '999'],
  ])('%d bytes are written %s', (bytes, text) => {
    expect(sizeAsWritten(bytes)).toBe(text);
  });

  it('sends a number of jobs only when it is one', () => {
    const form = formOf(settingsView().limits);
    expect(inputOf({ ...form, concurrent_jobs: ' 4 ' })).toEqual({ ...form, concurrent_jobs: 4 });
    for (const text of ['', 'two', '1.5', '-1', '9999999999'])
      expect(inputOf({ ...form, concurrent_jobs: text })).toBeNull();
  });

  it('leaves out the name of the key at its field', () => {
    for (const before of ['`concurrent_jobs`: ', 'Line 2 of the settings, key `concurrent_jobs`: '])
      expect(reasonOf(report('SETTINGS_INVALID', `${before}0 is out of range.`), 'concurrent_jobs')).toBe(
        '0 is out of range.',
      );
    expect(reasonOf(report('SETTINGS_INVALID', 'All is wrong.'), 'concurrent_jobs')).toBe('All is wrong.');
  });

  it('finds the field in what Rust says', () => {
    expect(fieldOf(report('SETTINGS_INVALID', 'Wrong.', ['free_space_reserve']))).toBe('free_space_reserve');
    expect(fieldOf(report('SETTINGS_INVALID', 'Line 2, key `concurrent_jobs`: 0 is out of range.'))).toBe(
      'concurrent_jobs',
    );
    expect(fieldOf(report('HOME_UNUSABLE', 'The disk is full.'))).toBeNull();
  });
});
