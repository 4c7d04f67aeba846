import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it } from 'vitest';

import { closeConnecting } from '../../api/connecting';
import { App } from '../../app/App';
import type { ConnectServer } from '../../bindings/ConnectServer';
import type { ServerConnected } from '../../bindings/ServerConnected';
import type { ServerForm } from '../../bindings/ServerForm';
import type { ErrorReport } from '../../bindings/ErrorReport';
import { HostError } from '../../host/types';
import { axeViolations } from '../../test/axe';
import { makeFakeHost } from '../../test/fakeHost';
import { openRegistry, PREFERENCES, recentRegistry, startup } from '../../test/fixtures';

const SERVER: ServerForm = {
  engine: 'mysql',
  host: 'db.example.org',
  port: 3307,
  user: 'lab',
  database: 'registry',
  certificate: null,
};

const report = (code: string): ErrorReport => ({
  code,
  message: `This is ${code}.`,
  hint: 'Mend it.',
  details: [],
});
const fails = (code: string) => () => Promise.reject(new HostError(report(code)));

function host(answers: Parameters<typeof makeFakeHost>[0] = {}) {
  document.title = 'Sheaf';
  return makeFakeHost({
    start: () => startup(),
    exports: () => ({ exports: [] }),
    recent_registries: () => ({ recent: [] }),
    destination: () => ({ folder: '/data/out', free_bytes: 1e12, largest_file: null, problem: null }),
    ...answers,
  });
}

async function ask(fake: ReturnType<typeof host>) {
  const user = userEvent.setup();
  render(<App host={fake} />);
  await user.click(await screen.findByRole('button', { name: /Connect to a server/ }));
  return {
    user,
    dialog: within(await screen.findByRole('dialog', { name: 'Connect to a database server' })),
  };
}

afterEach(closeConnecting);

describe('connecting to a server', () => {
  it('says what is lacking, tests the connection, and forgets the answer when something is changed', async () => {
    const fake = host({
      test_server: () => ({
        product: 'MariaDB 10.11.6',
        is_encrypted: false,
        generation: 'G2',
        patients: 200,
        files: 2217,
        studies: 0,
      }),
    });
    const { user, dialog } = await ask(fake);
    expect(dialog.getByRole('textbox', { name: 'Host' })).toHaveFocus();
    expect(dialog.getByRole('button', { name: 'Connect' })).toHaveAccessibleDescription('Say the host.');
    await user.keyboard('{Enter}');
    expect(dialog.getByRole('textbox', { name: 'Host' })).toBeInvalid();
    await user.keyboard('localhost');
    await user.type(dialog.getByRole('textbox', { name: 'Port' }), '99999');
    expect(dialog.getByText('A port is a number up to 65535.')).toBeVisible();
    await user.clear(dialog.getByRole('textbox', { name: 'Port' }));
    await user.type(dialog.getByRole('textbox', { name: 'Database' }), 'lab');
    await user.type(dialog.getByRole('textbox', { name: 'Account' }), 'reader');
    await user.type(dialog.getByLabelText('Password'), 'geheim');
    await user.click(dialog.getByRole('button', { name: 'Test connection' }));
    expect(await dialog.findByText('MariaDB 10.11.6 answers')).toBeVisible();
    expect(dialog.getByText('FileRegistry G2 · 200 patients · 2,217 rows of files')).toBeVisible();
    expect(await axeViolations()).toEqual([]);
    expect(fake.calls.find((call) => call.command === 'test_server')?.input).toMatchObject({
      server: { engine: 'mysql', host: 'localhost', port: null, user: 'reader', database: 'lab' },
      password: 'geheim',
    });
    await user.type(dialog.getByRole('textbox', { name: 'Database' }), '2');
    expect(dialog.queryByText('MariaDB 10.11.6 answers')).not.toBeInTheDocument();
  });

  it('takes a pasted URL apart', async () => {
    const fake = host({ read_server_url: () => SERVER });
    const { user, dialog } = await ask(fake);
    await user.paste('mysql://lab:p%40ss@db.example.org:3307/registry');
    await waitFor(() => expect(dialog.getByRole('textbox', { name: 'Host' })).toHaveValue('db.example.org'));
    expect(dialog.getByRole('textbox', { name: 'Port' })).toHaveValue('3307');
    expect(dialog.getByRole('textbox', { name: 'Account' })).toHaveValue('lab');
    expect(dialog.getByLabelText('Password')).toHaveValue('p@ss');
  });

  it('opens it, or asks first as whom', async () => {
    const opened = openRegistry({
      name: 'db.example.org/registry',
      user: 'vera',
      needs_user: true,
      server: SERVER,
    });
    const fake = host({
      read_server_url: () => SERVER,
      connect_server: () => ({ id: 'r9', registry: null, not_kept: report('DESKTOP_UNAVAILABLE') }),
      registry_users: () => ({
        users: [
          { name: 'mo', role: 'annotator' },
          { name: 'vera', role: 'standard' },
        ],
      }),
      open_as: () => opened,
      keep_for: fails('SOURCE_LOST'),
    });
    const { user, dialog } = await ask(fake);
    await user.paste('mysql://lab:geheim@db.example.org:3307/registry');
    await waitFor(() => expect(dialog.getByLabelText('Password')).toHaveValue('geheim'));
    await user.click(dialog.getByRole('checkbox', { name: /keyring/ }));
    await user.click(dialog.getByRole('checkbox', { name: /names/ }));
    await user.click(dialog.getByRole('button', { name: 'Connect' }));
    const whom = within(await screen.findByRole('dialog', { name: 'As whom do you look at it?' }));
    expect(fake.calls.find((call) => call.command === 'connect_server')?.input).toEqual({
      task: expect.any(String) as string,
      server: SERVER,
      password: 'geheim',
      keep_password: true,
      read_names: false,
    });
    expect(await screen.findByText('This is DESKTOP_UNAVAILABLE.')).toBeVisible();
    expect(whom.getByRole('button', { name: 'Open' })).toBeDisabled();
    await user.click(await whom.findByRole('radio', { name: /vera/ }));
    await user.click(whom.getByRole('checkbox', { name: /only what this user may read/ }));
    await user.click(whom.getByRole('button', { name: 'Open' }));
    expect(await whom.findByText('This is SOURCE_LOST.')).toBeVisible();
    fake.answer({ keep_for: ({ user: kept }) => ({ ...opened, kept_for: { user: kept } }) });
    await user.click(whom.getByRole('button', { name: 'Open' }));
    expect(await screen.findByRole('button', { name: /^Registry db.example.org\/registry/ })).toBeVisible();
    expect(fake.calls.find((call) => call.command === 'keep_for')?.input).toEqual({ user: 'vera' });
    expect(fake.calls.find((call) => call.command === 'open_as')?.input).toEqual({ id: 'r9', user: 'vera' });
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());

    // Nobody is its owner.
    await user.click(screen.getByRole('button', { name: /^Acting as/ }));
    const menu = within(await screen.findByRole('menu'));
    expect(menu.queryByRole('menuitemradio', { name: /Owner/ })).not.toBeInTheDocument();
  });

  it('stops what was asked of the server when it is closed, and shows no answer after that', async () => {
    for (const closing of ['Cancel', 'Escape', 'Close']) {
      let answer: (connected: ServerConnected) => void = () => undefined;
      const fake = host({
        read_server_url: () => SERVER,
        connect_server: () => new Promise<ServerConnected>((resolve) => (answer = resolve)),
        cancel_task: () => ({}),
      });
      const { user, dialog } = await ask(fake);
      await user.paste('mysql://lab:geheim@db.example.org:3307/registry');
      await waitFor(() => expect(dialog.getByLabelText('Password')).toHaveValue('geheim'));
      await user.click(dialog.getByRole('button', { name: 'Connect' }));
      expect(dialog.getByText('Asking the server…')).toBeVisible();
      if (closing === 'Escape') await user.keyboard('{Escape}');
      else await user.click(dialog.getByRole('button', { name: closing }));
      await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
      const asked = fake.calls.find((call) => call.command === 'connect_server')?.input as ConnectServer;
      expect(fake.calls.filter((call) => call.command === 'cancel_task').map((call) => call.input)).toEqual([
        { task: asked.task },
      ]);
      await act(async () => {
        answer({ id: 'r9', registry: null, not_kept: null });
        await Promise.resolve();
      });
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
      cleanup();
    }
  });

  it('stays with its error, and what was typed', async () => {
    const fake = host({ read_server_url: () => SERVER, connect_server: fails('SOURCE_DENIED') });
    const { user, dialog } = await ask(fake);
    await user.paste('mysql://lab:geheim@db.example.org:3307/registry');
    await waitFor(() => expect(dialog.getByLabelText('Password')).toHaveValue('geheim'));
    await user.click(dialog.getByRole('button', { name: 'Connect' }));
    expect(await dialog.findByText('This is SOURCE_DENIED.')).toBeVisible();
    await waitFor(() => expect(dialog.getByLabelText('Password')).toHaveFocus());
    expect(dialog.getByRole('textbox', { name: 'Host' })).toHaveValue('db.example.org');
    expect(await axeViolations()).toEqual([]);
  });

  it('is asked in place of an error, from the list, from a refresh and at the start', async () => {
    const recent = recentRegistry({ name: 'db.example.org/registry', server: SERVER });
    const fake = host({
      start: () =>
        startup({ problem: report('SOURCE_UNREACHABLE'), problem_server: SERVER, recent: [recent] }),
      recent_registries: () => ({ recent: [recent] }),
      open_recent: fails('USER_REQUIRED'),
      registry_users: () => ({ users: [{ name: 'mo', role: 'annotator' }] }),
      open_as: () => openRegistry({ user: 'mo', needs_user: true, server: SERVER }),
      refresh_registry: fails('SOURCE_DENIED'),
      read_server_url: fails('USAGE'),
    });
    render(<App host={fake} />);
    const user = userEvent.setup();
    const first = within(await screen.findByRole('dialog', { name: 'Connect to a database server' }));
    expect(first.getByText('This is SOURCE_UNREACHABLE.')).toBeVisible();
    expect(first.getByRole('textbox', { name: 'Port' })).toHaveValue('3307');
    await user.click(first.getByRole('textbox', { name: 'Host' }));
    await user.paste('mysql://nonsense');
    expect(await first.findByText('This is USAGE.')).toBeVisible();
    await user.click(first.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());

    await user.click(screen.getByTitle(recent.path));
    const whom = within(await screen.findByRole('dialog', { name: 'As whom do you look at it?' }));
    await user.click(await whom.findByRole('radio', { name: /mo/ }));
    expect(await axeViolations()).toEqual([]);
    await user.click(whom.getByRole('button', { name: 'Open' }));
    await user.click(await screen.findByRole('button', { name: /^Registry/ }));
    const stale = { at: new Date().toISOString(), report: report('SOURCE_DENIED') };
    fake.answer({
      start: () =>
        startup({ registry: openRegistry({ user: 'mo', server: SERVER, refresh_problem: stale }) }),
    });
    await user.click(await screen.findByRole('menuitem', { name: 'Refresh' }));
    const denied = within(await screen.findByRole('dialog', { name: 'Connect to a database server' }));
    expect(denied.getByText('This is SOURCE_DENIED.')).toBeVisible();
    expect(denied.getByLabelText('Password')).toHaveFocus();

    // And it stays to be seen that it is no newer.
    await user.keyboard('{Escape}');
    expect(await screen.findByText(/^Not refreshed/)).toBeVisible();
  });

  it('speaks Italian', async () => {
    const fake = host({ start: () => startup({ preferences: { ...PREFERENCES, language: 'it' } }) });
    render(<App host={fake} />);
    await userEvent.click(await screen.findByRole('button', { name: /Connetti a un server/ }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Connetti a un server di database' }));
    expect(dialog.getByRole('button', { name: 'Connetti' })).toHaveAccessibleDescription('Indica l’host.');
  });
});
