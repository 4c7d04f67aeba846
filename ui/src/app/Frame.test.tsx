import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import { makeFakeHost } from '../test/fakeHost';
import { dataRoot, openRegistry, startup } from '../test/fixtures';
import type { Startup } from '../bindings/Startup';
import { App } from './App';

it('looks at the exports and the destination again when somebody comes back to the window', async () => {
  window.location.hash = '#exports';
  const host = makeFakeHost({
    start: () => startup({}),
    exports: () => ({ exports: [] }),
    destination: () => ({ folder: '/out', free_bytes: 1e9, largest_file: null, problem: null }),
  });
  render(<App host={host} />);
  await screen.findByText('No exports yet');
  const asked = () => host.calls.filter(({ command }) => command === 'exports').length;
  const before = asked();
  act(() => void window.dispatchEvent(new Event('focus')));
  await waitFor(() => expect(asked()).toBe(before + 1));
});

it('takes back that a data folder is missing when it is there again', async () => {
  window.location.hash = '#exports';
  const host = makeFakeHost({
    start: () => startup({ registry: openRegistry({ data_roots_missing: 1 }) }),
    exports: () => ({ exports: [] }),
    data_roots: () => ({
      roots: [dataRoot()],
    }),
  });
  render(<App host={host} />);
  await screen.findByText('No exports yet');
  await screen.findByText(/A data folder is not there/);
  act(() => void window.dispatchEvent(new Event('focus')));
  await waitFor(() => expect(screen.queryByText(/A data folder is not there/)).not.toBeInTheDocument());
});

it('says that a registry is being read when that takes long', async () => {
  let begin: (startup: Startup) => void = () => undefined;
  const host = makeFakeHost({
    start: () => new Promise<Startup>((resolve) => (begin = resolve)),
    exports: () => ({ exports: [] }),
  });
  render(<App host={host} />);
  expect(await screen.findByRole('status')).toHaveTextContent('Reading the registry…');
  begin(startup({}));
  await screen.findByRole('navigation', { name: 'Pages' });
});

it('shows the registry that a second start has opened, and keeps what was typed', async () => {
  window.location.hash = '#new-export';
  const host = makeFakeHost({
    start: () => startup({ registry: openRegistry() }),
    exports: () => ({ exports: [] }),
  });
  render(<App host={host} />);
  await userEvent.type(await screen.findByLabelText('Notes'), 'For the meeting');
  host.answer({ start: () => startup({ registry: openRegistry({ id: 'r9', name: 'clinic' }) }) });
  act(() => host.tell({ type: 'registry_opened' }));
  await screen.findByRole('button', { name: /clinic/ });
  expect(screen.getByLabelText('Notes')).toHaveValue('For the meeting');
});
