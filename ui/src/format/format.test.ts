import { describe, expect, it } from 'vitest';

import { makeFormat } from './format';
import { cleanLocale, localeFor } from './locale';

describe('sizes', () => {
  const format = makeFormat('en');
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [61_203_442_100, '61.2 GB'],
    [999_499, '999 kB'],
    [999_950, '1 MB'],
    [1_234_000, '1.23 MB'],
    [482_600_000_000, '483 GB'],
    [5_000_000_000_000_000_000, '5,000 PB'],
  ])('%d is %s', (bytes, text) => expect(format.bytes(bytes)).toBe(text));

  it('speaks the locale', () => {
    expect(makeFormat('it').bytes(61_203_442_100)).toBe('61,2 GB');
    expect(makeFormat('it').count(1_234_567)).toBe('1.234.567');
  });
});

describe('times', () => {
  const now = new Date(2025, 2, 3, 15, 0).getTime();
  const format = makeFormat('en-GB');
  it('says today and yesterday, then the date', () => {
    expect(format.moment(new Date(2025, 2, 3, 14, 2).toISOString(), now)).toBe('today 14:02');
    expect(format.moment(new Date(2025, 2, 2, 23, 59).toISOString(), now)).toBe('yesterday 23:59');
    expect(format.moment(new Date(2024, 11, 31, 8, 0).toISOString(), now)).toBe('31 Dec 2024');
  });
  it('writes durations in two units at most', () => {
    expect(format.duration(0.2)).toBe('1 sec');
    expect(format.duration(240)).toBe('4 mins');
    expect(format.duration(3600)).toBe('1 hr');
    expect(format.duration(5400)).toBe('1 hr 30 mins');
  });
});

describe('locales', () => {
  it('cleans what Intl would refuse', () => {
    expect(cleanLocale('C')).toBe('en');
    expect(cleanLocale('it_IT.UTF-8')).toBe('it-IT');
    expect(cleanLocale(undefined)).toBe('en');
  });
  it('keeps the region where the language is the same', () => {
    expect(localeFor('en', 'en-GB')).toBe('en-GB');
    expect(localeFor('it', 'en-GB')).toBe('it');
  });
});
