import { describe, expect, it } from 'vitest';

import { columnsOf, movedTo, NARROWEST, placeAt, resized, toggledColumn, USUAL, widthOf } from './columns';
import { FIELDS, LIST } from './fields';
import {
  ageIn,
  chipsOf,
  idsIn,
  narrows,
  noFilter,
  withAge,
  withDates,
  withIds,
  without,
  withoutField,
  withValue,
} from './filter';
import { meaningOf } from './keys';
import { Newest } from './newest';
import { NEWEST, nextSort, sortName, sortNamed } from './sort';
import { largest, months } from './summary';

const NONE = noFilter({});

describe('columns', () => {
  it('are what was kept, without what is no field, each once, and never none', () => {
    expect(columnsOf(['exam_room', 'nonsense', 'exam_room', 'exam_id']).fields).toEqual([
      'exam_room',
      'exam_id',
    ]);
    expect(columnsOf([]).fields).toEqual(LIST);
    expect(columnsOf(['exam_id'], { exam_id: 3, nonsense: 9 }).widths).toEqual({ exam_id: NARROWEST });
  });

  it('move within their ends', () => {
    const three = columnsOf(['exam_id', 'exam_room', 'patient_age']);
    expect(movedTo(three, 'exam_id', 1).fields).toEqual(['exam_room', 'exam_id', 'patient_age']);
    expect(movedTo(three, 'exam_id', -1)).toBe(three);
    expect(movedTo(three, 'exam_id', 9).fields).toEqual(['exam_room', 'patient_age', 'exam_id']);
  });

  it('take the place that the pointer has passed the middle of', () => {
    const three = resized(
      resized(resized(columnsOf(['exam_id', 'exam_room', 'patient_age']), 'exam_id', 100), 'exam_room', 100),
      'patient_age',
      100,
    );
    expect(placeAt(three, 'exam_id', 20)).toBe(0);
    expect(placeAt(three, 'exam_id', 149)).toBe(0);
    expect(placeAt(three, 'exam_id', 151)).toBe(1);
    expect(placeAt(three, 'exam_id', 400)).toBe(2);
    expect(placeAt(three, 'patient_age', 40)).toBe(0);
  });

  it('are shown or not, but the last one stays', () => {
    const one = columnsOf(['exam_id']);
    expect(toggledColumn(one, 'exam_id')).toBe(one);
    expect(toggledColumn(one, 'exam_room').fields).toEqual(['exam_id', 'exam_room']);
    expect(widthOf(resized(USUAL, 'exam_id', 10_000), 'exam_id')).toBe(800);
  });

  it('have 14 in the list and 18 in full', () => {
    expect(LIST).toHaveLength(14);
    expect(FIELDS).toHaveLength(18);
  });
});

describe('the filter', () => {
  it('says what narrows as chips, and each chip can be taken away', () => {
    let filter = withValue(NONE, 'exam_status', 'certified', true);
    filter = withValue(filter, 'exam_room', 'CT 1', true);
    filter = withValue(filter, 'exam_room', '', true);
    filter = withAge(filter, 60, null);
    filter = withDates(filter, '2025-01-01', null);
    filter = withIds(filter, 'a, b;c a');
    const chips = chipsOf(filter);
    expect(chips.map((chip) => chip.part)).toEqual([
      'exam_status',
      'exam_room',
      'exam_room',
      'age',
      'date',
      'exam_ids',
    ]);
    expect(chips.at(-1)).toEqual({ part: 'exam_ids', count: 3 });
    expect(chips.reduce(without, filter)).toEqual(NONE);
  });

  it('of one value takes the place of the other; of several each is on its own', () => {
    const one = withValue(withValue(NONE, 'exam_source', 'a', true), 'exam_source', 'b', true);
    expect(one.exam_source).toBe('b');
    const two = withValue(withValue(NONE, 'patient_gender', 'F', true), 'patient_gender', 'U', true);
    expect(two.patient_gender).toEqual(['F', 'U']);
    expect(withoutField(two, 'patient_gender')).toEqual(NONE);
    expect(withoutField(one, 'exam_source')).toEqual(NONE);
  });

  it('narrows by anything but blanks and the time zone, which stays', () => {
    expect(narrows(noFilter({ time_zone: 'UTC' }))).toBe(false);
    expect(narrows({ ...NONE, q: '  ' })).toBe(false);
    expect(narrows({ ...NONE, q: ' x' })).toBe(true);
    expect(narrows(withAge(NONE, 0, null))).toBe(true);
    expect(noFilter({ time_zone: 'UTC' }).time_zone).toBe('UTC');
  });

  it('never means no study by an empty list of ids', () => {
    expect(withIds(NONE, ' \n ')).toEqual(NONE);
    expect(idsIn('0012\t0013\n0012')).toEqual(['0012', '0013']);
  });

  it('takes whole years only', () => {
    expect(ageIn(' 60 ')).toBe(60);
    expect(ageIn('')).toBeNull();
    for (const text of ['-1', '6.5', 'old', '1e2', '1234']) expect(ageIn(text)).toBeUndefined();
  });
});

describe('the order', () => {
  it('goes there and back as text', () => {
    for (const field of FIELDS)
      for (const descending of [true, false])
        expect(sortNamed(sortName({ field, descending }))).toEqual({ field, descending });
    expect(sortNamed('nonsense_desc')).toEqual(NEWEST);
  });

  it('turns round at the second click; times begin with the newest', () => {
    expect(nextSort(NEWEST, 'order_datetime')).toEqual({ field: 'order_datetime', descending: false });
    expect(nextSort(NEWEST, 'check_in_datetime').descending).toBe(true);
    expect(nextSort(NEWEST, 'patient_name').descending).toBe(false);
  });
});

describe('keys of the table', () => {
  const place = { active: 5, total: 10, page: 4 };
  const press = (key: string, held: Partial<Record<'ctrl' | 'shift' | 'alt', boolean>> = {}) =>
    meaningOf({ key, ctrl: false, shift: false, alt: false, ...held }, place);
  it('move within the ends, and select with Shift', () => {
    expect(press('PageDown')).toEqual({ type: 'move', to: 8 });
    expect(press('End')).toEqual({ type: 'move', to: 9 });
    expect(press('ArrowUp', { shift: true })).toEqual({ type: 'extend', to: 4 });
    expect(press(' ', { shift: true })).toEqual({ type: 'range' });
    expect(press('A', { ctrl: true, shift: true })).toEqual({ type: 'none' });
    expect(press('a', { ctrl: true })).toEqual({ type: 'all' });
  });
  it('leave the rest to the page', () => {
    for (const key of ['/', '?', 'x', 'Tab']) expect(press(key)).toBeNull();
    expect(press('k', { ctrl: true })).toBeNull();
    expect(press('ArrowDown', { alt: true })).toBeNull();
  });
});

describe('the pictures', () => {
  it('draw the largest parts and the rest, but no rest of one', () => {
    const parts = [1, 2, 3, 4, 5, 6, 7].map((count) => ({ value: String(count), count }));
    expect(largest(parts, 5)).toEqual({ shown: [...parts].reverse().slice(0, 5), rest: 3 });
    expect(largest(parts.slice(0, 6), 5).rest).toBe(0);
    expect(largest([{ value: '', count: 0 }]).shown).toEqual([]);
  });
  it('draw every month between the first and the last, and skip what is far off', () => {
    const all = months([
      { value: '2025-02', count: 3 },
      { value: '', count: 9 },
      { value: '1899-01', count: 1 },
      { value: '2024-11', count: 1 },
    ]);
    expect(all).toEqual([
      { value: '2024-11', count: 1 },
      { value: '2024-12', count: 0 },
      { value: '2025-01', count: 0 },
      { value: '2025-02', count: 3 },
    ]);
    expect(months([])).toEqual([]);
  });
});

describe('asking', () => {
  function asker() {
    const waiting: { wish: string; answer: (text: string) => void; fail: (why: unknown) => void }[] = [];
    const taken: string[] = [];
    const newest = new Newest<string, string>(
      (wish) => new Promise((answer, fail) => waiting.push({ wish, answer, fail })),
      (answer) => taken.push(answer),
    );
    return { newest, waiting, taken };
  }

  it('minds the newest answer only, in whatever order they come', async () => {
    const { newest, waiting, taken } = asker();
    const first = newest.change('', () => 'a');
    const second = newest.change('', (before) => `${before}b`);
    expect(waiting.map((each) => each.wish)).toEqual(['a', 'ab']);
    waiting[1]?.answer('AB');
    await second;
    waiting[0]?.fail(new Error('superseded'));
    await first;
    expect(taken).toEqual(['AB']);
    expect(newest.state()).toEqual({ wish: null, asking: false, error: null });
  });

  it('keeps what was wished where the answer was no', async () => {
    const { newest, waiting } = asker();
    const error = new Error('no such day');
    const asked = newest.change('', () => '2025-13-01');
    waiting[0]?.fail(error);
    await asked;
    expect(newest.state()).toEqual({ wish: '2025-13-01', asking: false, error });
  });
});
