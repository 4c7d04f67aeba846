import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { HostError } from '../host/types';
import { makeFakeHost } from '../test/fakeHost';
import { openRegistry, recentRegistry, startup } from '../test/fixtures';
import { App } from './App';

const ANSWERS = {
  exports: () => ({ exports: [] }),
  recent_registries: () => ({ recent: [recentRegistry()] }),
  destination: () => ({ folder: '/data/out', free_bytes: 1e12, largest_file: null, problem: null }),
};

describe('the registry switcher', () => {
  it('switches the project', async () => {
    const host = makeFakeHost({
      ...ANSWERS,
      start: () => startup({ registry: openRegistry() }),
      choose_project: ({ project }) => openRegistry({ project }),
    });
    render(<App host={host} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /^Project\s*Brain tumours/ }));
    const now = await screen.findByRole('menuitemradio', { name: /Brain tumours/ });
    expect(now).toHaveAttribute('aria-checked', 'true');
    await user.click(screen.getByRole('menuitemradio', { name: /Orthodontics\s*1,942 patients/ }));
    expect(await screen.findByRole('button', { name: /^Project\s*Orthodontics/ })).toBeVisible();
    expect(host.calls.filter((call) => call.command === 'choose_project')).toEqual([
      { command: 'choose_project', input: { project: 'ortho' } },
    ]);
  });

  it('keeps what is open when the next one cannot be had', async () => {
    const host = makeFakeHost({
      ...ANSWERS,
      start: () => startup({ registry: openRegistry({ name: 'kept' }), recent: [recentRegistry()] }),
      open_recent: () => {
        throw new HostError({
          code: 'REGISTRY_CORRUPT',
          message: 'The registry is damaged.',
          hint: 'Take it from a copy.',
          details: [],
        });
      },
    });
    render(<App host={host} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /^Registry kept/ }));
    await user.click(await screen.findByRole('menuitem', { name: /clinic/ }));
    expect(await screen.findByText('The registry is damaged.')).toBeVisible();
    expect(screen.getByRole('button', { name: /^Registry kept/ })).toBeEnabled();
  });

  it('acts as a user and says that this is no protection', async () => {
    const host = makeFakeHost({
      ...ANSWERS,
      start: () => startup({ registry: openRegistry() }),
      act_as: ({ user }) => openRegistry({ user }),
    });
    render(<App host={host} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /^Acting as\s*Owner/ }));
    expect(await screen.findByText(/no protection/)).toBeVisible();
    await user.click(screen.getByRole('menuitemradio', { name: /anna/ }));
    await user.click(await screen.findByRole('button', { name: /^Acting as\s*anna/ }));
    await user.click(await screen.findByRole('menuitemradio', { name: /Owner/ }));
    expect(await screen.findByRole('button', { name: /^Acting as\s*Owner/ })).toBeVisible();
    expect(host.calls.filter((call) => call.command === 'act_as').map((call) => call.input)).toEqual([
      { user: 'anna' },
      { user: null },
    ]);
  });
});
