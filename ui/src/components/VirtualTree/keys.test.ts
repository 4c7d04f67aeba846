import { expect, it } from 'vitest';

import { meaningOf, parentOf, TypeAhead, type KeyPress, type Place } from './keys';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrl: false,
  shift: false,
  alt: false,
  ...more,
});
const place = (more: Partial<Place> = {}): Place => ({
  active: 10,
  total: 100,
  page: 20,
  row: { folder: false, expanded: false },
  ...more,
});

it.each([
  ['ArrowDown', 11],
  ['ArrowUp', 9],
  ['Home', 0],
  ['End', 99],
  ['PageDown', 29],
  ['PageUp', 0],
])('%s moves', (key, to) => {
  expect(meaningOf(press(key), place())).toEqual({ type: 'move', to });
});

it('stays within the rows', () => {
  expect(meaningOf(press('ArrowDown'), place({ active: 99 }))).toEqual({ type: 'move', to: 99 });
  expect(meaningOf(press('ArrowUp'), place({ active: 0 }))).toEqual({ type: 'move', to: 0 });
  expect(meaningOf(press('End'), place({ total: 0, active: 0 }))).toEqual({ type: 'move', to: 0 });
});

it('opens, goes in, closes and goes up with the arrows', () => {
  const closed = place({ row: { folder: true, expanded: false } });
  const open = place({ row: { folder: true, expanded: true } });
  expect(meaningOf(press('ArrowRight'), closed)).toEqual({ type: 'open' });
  expect(meaningOf(press('ArrowRight'), open)).toEqual({ type: 'move', to: 11 });
  expect(meaningOf(press('ArrowLeft'), open)).toEqual({ type: 'close' });
  expect(meaningOf(press('ArrowLeft'), closed)).toEqual({ type: 'parent' });
  expect(meaningOf(press('ArrowLeft'), place())).toEqual({ type: 'parent' });
  expect(meaningOf(press('Enter'), closed)).toEqual({ type: 'open' });
  expect(meaningOf(press('Enter'), open)).toEqual({ type: 'close' });
});

it('checks with Space, a range with Shift, all with Ctrl+A', () => {
  expect(meaningOf(press(' '), place())).toEqual({ type: 'check' });
  expect(meaningOf(press(' ', { shift: true }), place())).toEqual({ type: 'checkRange' });
  expect(meaningOf(press('a', { ctrl: true }), place())).toEqual({ type: 'checkAll' });
  expect(meaningOf(press('*', { shift: true }), place())).toEqual({ type: 'openSiblings' });
});

it('leaves the page its keys', () => {
  expect(meaningOf(press('/'), place())).toBeNull();
  expect(meaningOf(press('?', { shift: true }), place())).toBeNull();
  expect(meaningOf(press('z', { ctrl: true }), place())).toBeNull();
  expect(meaningOf(press('Enter', { ctrl: true }), place())).toBeNull();
  expect(meaningOf(press('Tab'), place())).toBeNull();
  expect(meaningOf(press('F5'), place())).toBeNull();
});

it('takes letters for the beginning of a name', () => {
  expect(meaningOf(press('é'), place())).toEqual({ type: 'type', text: 'é' });
  const typed = new TypeAhead();
  expect(typed.add('p', 1000)).toEqual({ text: 'p', again: false });
  expect(typed.add('a', 1200)).toEqual({ text: 'pa', again: true });
  expect(typed.add('x', 5000)).toEqual({ text: 'x', again: false });
  expect(typed.add('x', 5100)).toEqual({ text: 'x', again: false });
});

it('finds the parent in leaps', async () => {
  // A folder, 1,000 patients in it, then a closed and an open sibling folder, and patients in that.
  const rows = [
    { level: 1, position: 1 },
    ...Array.from({ length: 1000 }, (_, at) => ({ level: 2, position: at + 1 })),
    { level: 2, position: 1001 },
    { level: 2, position: 1002 },
    ...Array.from({ length: 500 }, (_, at) => ({ level: 3, position: at + 1 })),
    { level: 2, position: 1003 },
  ];
  let read = 0;
  const rowAt = (index: number) => {
    read += 1;
    return Promise.resolve(rows[index]);
  };
  expect(await parentOf(1000, rowAt)).toBe(0);
  expect(read).toBeLessThanOrEqual(2);
  expect(await parentOf(1400, rowAt)).toBe(1002);
  expect(await parentOf(rows.length - 1, rowAt)).toBe(0);
  expect(await parentOf(0, rowAt)).toBeNull();
});
