import { expect, it } from 'vitest';

import { makeQueue } from './queue';

it('keeps the order, whatever each takes, and goes on after a failure', async () => {
  const queue = makeQueue();
  const seen: string[] = [];
  const task = (name: string, turns: number, fail = false) =>
    queue(async () => {
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      seen.push(name);
      if (fail) throw new Error(name);
      return name;
    });
  const first = task('slow', 20);
  const second = task('fails', 1, true);
  const third = task('quick', 0);
  await expect(first).resolves.toBe('slow');
  await expect(second).rejects.toThrow('fails');
  await expect(third).resolves.toBe('quick');
  expect(seen).toEqual(['slow', 'fails', 'quick']);
});
