import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { App } from '../../app/App';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { HostError } from '../../host/types';
import { makeFakeHost } from '../../test/fakeHost';
import { openRegistry, recentRegistry, startup } from '../../test/fixtures';

const missing = (message: string) => ({
  code: 'REGISTRY_MISSING',
  message,
  hint: 'Put the disk in.',
  details: [],
});

const NONE = {
  exports: () => ({ exports: [] }),
  recent_registries: () => ({ recent: [] }),
};

/** A promise that the test keeps. */
function promised<T>(): { promise: Promise<T>; keep: (value: T) => void; break: (error: unknown) => void } {
  let keep: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    keep = resolve;
    fail = reject;
  });
  return { promise, keep, break: fail };
}

const progress = (share: number) => ({
  phase: 'writing',
  files_done: share * 200,
  files_total: 200,
  bytes_done: 0,
  bytes_total: 0,
  bytes_per_second: null,
  seconds_left: null,
  current: null,
  stalled: false,
});

describe('first run', () => {
  it('makes the demo, shows how far it is, and opens it', async () => {
    const made = promised<OpenRegistry>();
    const host = makeFakeHost({ ...NONE, start: () => startup(), make_demo: () => made.promise });
    render(<App host={host} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /Try the demo/ }));

    const task = host.calls.find((call) => call.command === 'make_demo')?.input as { task: string };
    expect(screen.getByRole('button', { name: 'Cancel' })).toHaveFocus();
    host.tell({ type: 'task', task: task.task, progress: progress(0.42) });
    expect(await screen.findByRole('progressbar', { name: /Making the demo/ })).toHaveAttribute(
      'aria-valuenow',
      '42',
    );
    expect(screen.getByText('42%')).toBeVisible();

    made.keep(openRegistry({ name: 'demo' }));
    expect(await screen.findByRole('button', { name: /^Registry demo/ })).toBeVisible();
    expect(screen.queryByTestId('first-run')).not.toBeInTheDocument();
    expect(screen.getByRole('main')).toHaveFocus();
  });

  it('cancels the demo without a word of failure', async () => {
    const made = promised<OpenRegistry>();
    const host = makeFakeHost({
      ...NONE,
      start: () => startup(),
      make_demo: () => made.promise,
      cancel_task: () => {
        made.break(
          new HostError({ code: 'CANCELLED', message: 'The demo was cancelled.', hint: '', details: [] }),
        );
        return {};
      },
    });
    render(<App host={host} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /Try the demo/ }));
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(await screen.findByRole('button', { name: /Try the demo/ })).toHaveFocus();
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });

  it('says why the last registry is not there, and what to do', async () => {
    let starts = 0;
    const host = makeFakeHost({
      ...NONE,
      recent_registries: () => ({ recent: [recentRegistry({ present: false })] }),
      start: () => {
        starts += 1;
        return startup({
          problem: missing(starts === 1 ? 'There is no registry there.' : 'Still nothing there.'),
          recent: [recentRegistry({ present: false })],
        });
      },
      open_registry: () => openRegistry({ name: 'other' }),
    });
    render(<App host={host} />);
    const user = userEvent.setup();
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('There is no registry there.');
    expect(alert).toHaveTextContent('Put the disk in.');

    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText(/Still nothing/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Open another…' }));
    expect(await screen.findByRole('button', { name: /^Registry other/ })).toBeVisible();
  });

  it('chooses a folder of images, and tells why not', async () => {
    let asked = 0;
    const host = makeFakeHost({
      ...NONE,
      start: () => startup(),
      choose_image_folder: () => {
        asked += 1;
        if (asked === 1) throw new HostError(missing('That is a whole disk.'));
        return null;
      },
    });
    render(<App host={host} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: /^Open a folder of images…/ }));
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('That is a whole disk.');
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(asked).toBe(2));
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  it('stays as it is when the user thinks better of opening', async () => {
    const host = makeFakeHost({ ...NONE, start: () => startup(), open_registry: () => null });
    render(<App host={host} />);
    await userEvent.click(await screen.findByRole('button', { name: /Open a registry/ }));
    await waitFor(() =>
      expect(screen.getByRole('button', { name: /Open a registry/ })).toHaveAttribute(
        'aria-disabled',
        'false',
      ),
    );
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });
});
