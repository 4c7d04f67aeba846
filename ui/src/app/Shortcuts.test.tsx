import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { makeFakeHost } from '../test/fakeHost';
import { openRegistry, PREFERENCES, recentRegistry, settingsView, startup } from '../test/fixtures';
import { App } from './App';

function host(change: Parameters<typeof startup>[0] = {}) {
  return makeFakeHost({
    start: () => startup({ registry: openRegistry(), ...change }),
    exports: () => ({ exports: [] }),
    recent_registries: () => ({ recent: change.recent ?? [] }),
    settings: () => settingsView(),
    destination: () => ({ folder: null, free_bytes: null, largest_file: null, problem: null }),
    data_roots: () => ({ roots: [] }),
    set_preferences: (preferences) => preferences,
    choose_project: ({ project }) => openRegistry({ project }),
    set_limits: () => settingsView(),
  });
}

const current = () => screen.getByRole('link', { current: 'page' });

describe('keys of the window', () => {
  it('go to pages', async () => {
    render(<App host={host()} />);
    await screen.findByRole('main');
    const user = userEvent.setup();
    await user.keyboard('{Control>}2{/Control}');
    await waitFor(() => expect(current()).toHaveTextContent('Exports'));
    await user.keyboard('{Control>},{/Control}');
    await waitFor(() => expect(current()).toHaveTextContent('Settings'));
    await user.keyboard('{Control>}1{/Control}');
    await waitFor(() => expect(current()).toHaveTextContent('New export'));
  });

  it('show the sheet of keys, but not while typing and not behind a dialog', async () => {
    window.location.hash = '#settings/limits';
    render(<App host={host()} />);
    const user = userEvent.setup();
    const field = await screen.findByRole('textbox', { name: 'Most data in one export' });
    await user.type(field, '?');
    expect(field).toHaveValue('500 GB?');
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();

    screen.getByRole('main').focus();
    await user.keyboard('?');
    const sheet = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(within(sheet).getByText('Command palette')).toBeVisible();
    expect(within(sheet).getByRole('button', { name: 'Close' })).toBeVisible();
    await user.keyboard('{Control>}2{/Control}');
    expect(window.location.hash).toBe('#settings/limits');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  });
});

describe('the command palette', () => {
  it('is worked with the keyboard alone', async () => {
    const fake = host();
    render(<App host={fake} />);
    await screen.findByRole('main');
    const user = userEvent.setup();
    await user.keyboard('{Control>}k{/Control}');
    const field = await screen.findByRole('combobox', { name: 'Command palette' });
    await waitFor(() => expect(field).toHaveFocus());
    await user.type(field, 'ortho');
    const option = await screen.findByRole('option', { name: /Switch to Orthodontics/ });
    expect(option).toHaveAttribute('aria-selected', 'true');
    expect(field).toHaveAttribute('aria-activedescendant', option.id);
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(await screen.findByRole('button', { name: /^Project\s*Orthodontics/ })).toBeVisible();
    expect(fake.calls).toContainEqual({ command: 'choose_project', input: { project: 'ortho' } });
  });

  it('moves round its ends and changes the appearance', async () => {
    const fake = host();
    render(<App host={fake} />);
    await screen.findByRole('main');
    const user = userEvent.setup();
    await user.keyboard('{Control>}k{/Control}');
    const field = await screen.findByRole('combobox', { name: 'Command palette' });
    await user.keyboard('{ArrowUp}');
    const all = screen.getAllByRole('option');
    expect(field).toHaveAttribute('aria-activedescendant', all.at(-1)?.id);
    await user.keyboard('{ArrowDown}');
    expect(field).toHaveAttribute('aria-activedescendant', all[0]?.id);

    await user.type(field, 'dark app{Enter}');
    await waitFor(() =>
      expect(document.documentElement).toHaveAttribute('data-mantine-color-scheme', 'dark'),
    );
    expect(fake.calls).toContainEqual({
      command: 'set_preferences',
      input: { ...PREFERENCES, appearance: 'dark' },
    });
  });

  it('says when nothing fits, and offers registries by name', async () => {
    render(<App host={host({ recent: [recentRegistry()] })} />);
    await screen.findByRole('main');
    const user = userEvent.setup();
    await user.keyboard('{Control>}k{/Control}');
    const field = await screen.findByRole('combobox', { name: 'Command palette' });
    await user.type(field, 'clinic');
    expect(await screen.findByRole('option', { name: 'Open clinic' })).toBeVisible();
    await user.type(field, ' zzz');
    expect(await screen.findByText('Nothing fits “clinic zzz”.')).toBeVisible();
    expect(screen.queryByRole('option')).not.toBeInTheDocument();
    await user.keyboard('{Enter}');
    expect(screen.getByRole('dialog')).toBeVisible();
  });
});
