import { useQuery } from '@tanstack/react-query';
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';

import { keys } from '../api/keys';
import type { Startup } from '../bindings/Startup';
import { progress, renderWith, row, running } from '../features/exports/testing';
import { useHost } from '../host/context';
import { makeFakeHost } from '../test/fakeHost';
import { StatusBar } from './StatusBar';

const startup = { registry: null } as Startup;

function Bar() {
  const host = useHost();
  const exports = useQuery({ queryKey: keys.exports, queryFn: () => host.call('exports', {}) });
  return <StatusBar startup={startup} exports={exports.data?.exports ?? []} />;
}

beforeEach(() => {
  window.location.hash = '';
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
});

it('keeps the active job in sight, and leads to it', async () => {
  const queued = running({ id: 'B', status: 'pending', progress: null, created_at: '2026-01-01T00:00:00Z' });
  renderWith(makeFakeHost({ exports: () => ({ exports: [queued, running()] }) }), <Bar />);
  const job = await screen.findByRole('button', { name: /study_a/ });
  expect(job).toHaveTextContent('Writing 61%');
  expect(job).toHaveTextContent('118 MB/s');
  expect(job).toHaveTextContent('about 4 min left');
  expect(job).toHaveTextContent('1 queued');
  await userEvent.click(job);
  expect(window.location.hash).toBe('#exports/A1');
});

it('says once what an export came to, and nothing in between', async () => {
  const host = makeFakeHost({ exports: () => ({ exports: [running()] }), show_in_folder: () => ({}) });
  renderWith(host, <Bar />);
  await screen.findByRole('button', { name: /study_a/ });
  const said = screen.getByTestId('said');
  host.tell({ type: 'progress', id: 'A1', progress: progress({ bytes_done: 300_000_000_000 }) });
  await screen.findByText('Writing 62%');
  expect(said).toBeEmptyDOMElement();
  host.tell({ type: 'exports', rows: [row()], removed: [] });
  await waitFor(() => expect(said).toHaveTextContent('“study_a” is done'));
  await userEvent.click(await screen.findByRole('button', { name: 'Show in folder' }));
  expect(host.calls.at(-1)).toEqual({ command: 'show_in_folder', input: { id: 'A1' } });
});

it('leaves the word to the desktop when the window has no focus', async () => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(false);
  const host = makeFakeHost({ exports: () => ({ exports: [running()] }) });
  renderWith(host, <Bar />);
  await screen.findByRole('button', { name: /study_a/ });
  host.tell({ type: 'exports', rows: [row()], removed: [] });
  await screen.findByText('No export is running');
  expect(screen.queryByRole('button', { name: 'Show in folder' })).toBeNull();
});

it('says nothing of what had ended before the page began', async () => {
  renderWith(makeFakeHost({ exports: () => ({ exports: [row({ status: 'failed' })] }) }), <Bar />);
  await screen.findByText('No export is running');
  expect(screen.getByTestId('said')).toBeEmptyDOMElement();
});
