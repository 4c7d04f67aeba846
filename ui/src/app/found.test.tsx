import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import type { OpenRegistry } from '../bindings/OpenRegistry';
import type { RunningTask } from '../bindings/RunningTask';
import type { Verification } from '../bindings/Verification';
import { progress, row } from '../features/exports/testing';
import { makeFakeHost } from '../test/fakeHost';
import { browseState, openRegistry, startup } from '../test/fixtures';
import { App } from './App';

/** What a page that was closed or reloaded in the middle of work finds. */
function found(task: string, kind: RunningTask['kind'], more: Partial<RunningTask> = {}) {
  const running: RunningTask = {
    task,
    kind,
    export: null,
    cancelling: false,
    progress: progress({ bytes_done: 25, bytes_total: 100 }),
    ...more,
  };
  return { running_tasks: () => ({ tasks: [running] }), exports: () => ({ exports: [row()] }) };
}

it('finds the demo that is being made, and opens it', async () => {
  window.location.hash = '#new-export';
  let made: (registry: OpenRegistry) => void = () => undefined;
  const host = makeFakeHost({
    ...found('old-demo', 'demo'),
    start: () => startup({}),
    make_demo: () => new Promise<OpenRegistry>((resolve) => (made = resolve)),
    cancel_task: () => ({}),
  });
  render(<App host={host} />);
  const bar = await screen.findByRole('progressbar');
  expect(bar).toHaveAttribute('aria-valuenow', '25');
  expect(screen.queryByTestId('try-demo')).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
  expect(host.calls).toContainEqual({ command: 'cancel_task', input: { task: 'old-demo' } });
  act(() => made(openRegistry({ name: 'Sheaf demo' })));
  await screen.findByRole('button', { name: /Sheaf demo/ });
  const asked = host.calls.filter(({ command }) => command === 'make_demo');
  expect(asked).toEqual([{ command: 'make_demo', input: { task: 'old-demo' } }]);
});

it('finds the verifying of an archive in its row, with what came of it', async () => {
  window.location.hash = '#exports';
  let verified: (result: Verification) => void = () => undefined;
  const host = makeFakeHost({
    ...found('old-verify', 'verify', { export: 'A1' }),
    start: () => startup({ registry: openRegistry() }),
    verify_export: () => new Promise<Verification>((resolve) => (verified = resolve)),
    cancel_task: () => ({}),
  });
  render(<App host={host} />);
  const line = await screen.findByTestId('row-task');
  expect(line).toHaveTextContent('25');
  await userEvent.click(within(line).getByRole('button'));
  expect(host.calls).toContainEqual({ command: 'cancel_task', input: { task: 'old-verify' } });
  act(() => verified({ ok: true, files: 3, problems: [] } as unknown as Verification));
  await screen.findByText(/3 files/);
  expect(screen.queryByTestId('row-task')).toBeNull();
  expect(host.calls).toContainEqual({ command: 'verify_export', input: { id: 'A1', task: 'old-verify' } });
});

it('finds the looking at files, and ends a preview that nobody sees any longer', async () => {
  window.location.hash = '#new-export';
  const host = makeFakeHost({
    ...found('old-plan', 'plan'),
    running_tasks: () => ({
      tasks: ['plan' as const, 'preview' as const].map((kind) => ({
        task: `old-${kind}`,
        kind,
        export: null,
        cancelling: false,
        progress: null,
      })),
    }),
    start: () => startup({ registry: openRegistry({ browse: browseState() }) }),
    plan_export: () => new Promise(() => undefined),
    cancel_task: () => ({}),
  });
  render(<App host={host} />);
  await screen.findByText(/Looking at files/);
  expect(host.calls).toContainEqual({ command: 'plan_export', input: { task: 'old-plan', revision: 1 } });
  await waitFor(() =>
    expect(host.calls).toContainEqual({ command: 'cancel_task', input: { task: 'old-preview' } }),
  );
});
