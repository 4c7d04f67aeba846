import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it } from 'vitest';

import type { QuitInput } from '../bindings/QuitInput';
import { renderWith } from '../features/exports/testing';
import { HostError } from '../host/types';
import { makeFakeHost, type FakeHost } from '../test/fakeHost';
import { askToQuit, QuitDialog } from './QuitDialog';

const said = (host: FakeHost) => host.calls.map(({ input }) => (input as QuitInput).how);

afterEach(() => act(() => askToQuit(null)));

it('puts the focus on what loses nothing, and stays at Escape', async () => {
  const host = makeFakeHost({ quit: () => ({}) });
  renderWith(host, <QuitDialog />);
  act(() => askToQuit(2));
  await screen.findByRole('dialog', { name: '2 exports are running' });
  await waitFor(() => expect(screen.getByRole('button', { name: /Keep running/ })).toHaveFocus());
  await userEvent.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(said(host)).toEqual(['asked', 'stay']);
});

it.each([
  ['Keep running in the background', 'keep_running'],
  ['Stop and quit', 'stop'],
  ['Stay', 'stay'],
])('%s', async (name, how) => {
  const host = makeFakeHost({ quit: () => ({}) });
  renderWith(host, <QuitDialog />);
  act(() => askToQuit(1));
  await userEvent.click(await screen.findByRole('button', { name }));
  expect(said(host)).toEqual(['asked', how]);
});

it('says why it cannot quit, and can be asked again', async () => {
  const host = makeFakeHost({
    quit: () => {
      throw new HostError({ code: 'INTERNAL', message: 'It did not work.', hint: '', details: [] });
    },
  });
  renderWith(host, <QuitDialog />);
  act(() => askToQuit(1));
  await userEvent.click(await screen.findByRole('button', { name: 'Stop and quit' }));
  await screen.findByText('It did not work.');
  await userEvent.click(screen.getByRole('button', { name: 'Stop and quit' }));
  expect(said(host)).toEqual(['asked', 'stop', 'stop']);
});

it('says each time that it asks, also while it does', async () => {
  const host = makeFakeHost({ quit: () => ({}) });
  renderWith(host, <QuitDialog />);
  act(() => askToQuit(1));
  await screen.findByRole('dialog');
  act(() => askToQuit(1));
  await waitFor(() => expect(said(host)).toEqual(['asked', 'asked']));
});
