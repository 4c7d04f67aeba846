import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';

import { axeViolations } from '../test/axe';
import { makeFakeHost } from '../test/fakeHost';
import { dataRoot, openRegistry, recentRegistry, settingsView, startup } from '../test/fixtures';
import { App } from './App';

const missing = { code: 'REGISTRY_MISSING', message: 'It is not there.', hint: 'Look for it.', details: [] };

function host(change: Parameters<typeof startup>[0]) {
  document.title = 'Sheaf';
  return makeFakeHost({
    start: () =>
      startup({ recent: [recentRegistry(), recentRegistry({ id: 'r3', present: false })], ...change }),
    exports: () => ({ exports: [] }),
    recent_registries: () => ({ recent: [recentRegistry(), recentRegistry({ id: 'r3', present: false })] }),
    settings: () => settingsView(),
    destination: () => ({ folder: '/data/out', free_bytes: 1e12, largest_file: 1e9, problem: missing }),
    data_roots: () => ({
      roots: [
        dataRoot(),
        dataRoot({ id: 2, prefix: 'scans/', location: null, located: true, problem: missing }),
      ],
    }),
    make_demo: () => new Promise(() => undefined),
  });
}

it('the first run has no violations, nor when something is wrong, nor while the demo is made', async () => {
  render(<App host={host({ problem: missing })} />);
  const demo = await screen.findByRole('button', { name: /Try the demo/ });
  expect(await axeViolations()).toEqual([]);
  await userEvent.click(demo);
  await screen.findByRole('progressbar');
  expect(await axeViolations()).toEqual([]);
});

it('the settings have no violations', async () => {
  window.location.hash = '#settings';
  render(<App host={host({ registry: openRegistry({ changed: true, data_roots_missing: 1 }) })} />);
  await screen.findByRole('textbox', { name: 'Exports at once' });
  await screen.findByText('Files under scans/');
  expect(await axeViolations()).toEqual([]);
});

it.each([
  ['registry', /^Registry registry/],
  ['project', /^Project/],
  ['user', /^Acting as/],
])('the menu of the %s has no violations', async (_, name) => {
  window.location.hash = '#settings';
  render(<App host={host({ registry: openRegistry() })} />);
  await userEvent.click(await screen.findByRole('button', { name }));
  await screen.findByRole('menu');
  expect(await axeViolations()).toEqual([]);
});

it.each([
  ['palette', '{Control>}k{/Control}', 'Command palette'],
  ['sheet of keys', '?', 'Keyboard shortcuts'],
])('the %s has no violations', async (_, key, name) => {
  window.location.hash = '#settings';
  render(<App host={host({ registry: openRegistry() })} />);
  await screen.findByRole('main');
  await userEvent.keyboard(key);
  await screen.findByRole('dialog', { name });
  expect(await axeViolations()).toEqual([]);
});
