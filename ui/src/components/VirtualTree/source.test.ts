import { expect, it } from 'vitest';

import { RowSource } from './source';

const settle = () => new Promise((resolve) => setTimeout(resolve));

it('loads what is in sight, at most two questions at a time, and not what was scrolled past', async () => {
  const asked: number[] = [];
  const waiting: (() => void)[] = [];
  const source = new RowSource<number>((offset, limit) => {
    asked.push(offset);
    return new Promise((resolve) =>
      waiting.push(() =>
        resolve({
          revision: 1,
          total: 100_000,
          offset,
          rows: Array.from({ length: limit }, (_, at) => offset + at),
        }),
      ),
    );
  });
  source.expect(1, 100_000);
  for (let from = 0; from < 90_000; from += 1000) source.show(from, from + 30);
  expect(asked).toHaveLength(2);
  while (waiting.length > 0) {
    waiting.shift()?.();
    await settle();
  }
  expect(asked.length).toBeLessThanOrEqual(5);
  expect(source.row(89_000)).toBe(89_000);
});

it('asks again after a change, and keeps a failure until then', async () => {
  let fail = true;
  let revision = 1;
  let calls = 0;
  const source = new RowSource<string>((offset) => {
    calls += 1;
    return fail
      ? Promise.reject(new Error('gone'))
      : Promise.resolve({ revision, total: 1, offset, rows: [`row of ${String(revision)}`] });
  });
  source.expect(1, 1);
  await settle();
  expect(calls).toBe(1);
  expect(source.error).toBeInstanceOf(Error);
  fail = false;
  revision = 2;
  source.expect(2, 1);
  await settle();
  expect(source.error).toBeNull();
  expect(source.row(0)).toBe('row of 2');
});

it('fetches one row far away when it is needed', async () => {
  const source = new RowSource<number>((offset, limit) =>
    Promise.resolve({
      revision: 1,
      total: 5000,
      offset,
      rows: Array.from({ length: limit }, (_, at) => offset + at),
    }),
  );
  source.expect(1, 5000);
  expect(await source.need(4321)).toBe(4321);
  expect(await source.need(5000)).toBeUndefined();
});

it('does not ask on and on where the other side is behind', async () => {
  let calls = 0;
  const source = new RowSource<string>((offset) => {
    calls += 1;
    return Promise.resolve({ revision: 1, total: 1, offset, rows: ['old'] });
  });
  source.expect(5, 1);
  await settle();
  await settle();
  expect(calls).toBe(1);
  expect(source.row(0)).toBe('old');
});

it('shows rows that came along without a question, and asks when the list has changed since', async () => {
  const asked: number[] = [];
  const window = (revision: number, rows: string[]) => ({ revision, total: rows.length, offset: 0, rows });
  const source = new RowSource<string>(
    (offset) => {
      asked.push(offset);
      return Promise.resolve(window(2, ['c']));
    },
    Object.is,
    window(1, ['a', 'b']),
  );
  source.expect(1, 2);
  source.show(0, 30);
  expect([source.row(0), source.row(1), asked.length]).toEqual(['a', 'b', 0]);
  source.expect(2, 1);
  await settle();
  expect([source.row(0), asked]).toEqual(['c', [0]]);
});
