import { act, render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';

import type { Startup } from '../bindings/Startup';
import { makeFakeHost } from '../test/fakeHost';
import { startup } from '../test/fixtures';
import { App } from './App';

it('says that the engine is silent also before it has said how to begin, and goes on when it does', async () => {
  let begin: (startup: Startup) => void = () => undefined;
  const host = makeFakeHost({
    start: () => new Promise<Startup>((resolve) => (begin = resolve)),
    exports: () => ({ exports: [] }),
  });
  render(<App host={{ ...host, listen: () => new Promise(() => undefined) }} />);
  const said = await screen.findByRole('alert', {}, { timeout: 20_000 });
  expect(said).toHaveTextContent('start Sheaf again');
  act(() => begin(startup({})));
  await screen.findByRole('navigation', { name: 'Pages' });
}, 30_000);
