import { expect, it } from 'vitest';

import { Latest } from './latest';

const settle = () => new Promise((resolve) => setTimeout(resolve));

it('puts wishes together that come while one is under way', async () => {
  const sent: number[][] = [];
  const waiting: (() => void)[] = [];
  const latest = new Latest<number[]>((wish) => {
    sent.push(wish);
    return new Promise<void>((resolve) => waiting.push(resolve));
  });
  for (const each of [1, 2, 3]) latest.change([], (before) => [...before, each]);
  expect(sent).toEqual([[1]]);
  expect(latest.pending()).toEqual([1, 2, 3]);
  waiting.shift()?.();
  await settle();
  expect(sent).toEqual([[1], [1, 2, 3]]);
  waiting.shift()?.();
  await settle();
  expect(latest.pending()).toBeNull();
});

it('gives up a wish that fails, and takes the next', async () => {
  const sent: string[] = [];
  const latest = new Latest<string>((wish) => {
    sent.push(wish);
    return wish === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve();
  });
  latest.change('', () => 'bad');
  await settle();
  expect(latest.pending()).toBeNull();
  latest.change('', () => 'good');
  await settle();
  expect(sent).toEqual(['bad', 'good']);
});
