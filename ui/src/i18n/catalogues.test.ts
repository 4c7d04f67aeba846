import { describe, expect, it } from 'vitest';

import { en } from './en';
import { makeI18n } from './index';
import { it as italian } from './it';

interface Words {
  [key: string]: string | Words;
}

/** Every string by its full key. */
function flat(words: Words, before = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') all.set(before + key, value);
    else for (const [inner, text] of flat(value, `${before}${key}.`)) all.set(inner, text);
  }
  return all;
}

const placeholders = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]).sort();
const tags = (text: string) => [...text.matchAll(/<(\/?\w+)\/?>/g)].map((match) => match[1]).sort();
const base = (key: string) => key.replace(/_(one|many|other)$/, '');

const english = flat(en);
const second = flat(italian);
const sources = Object.entries(
  import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/strings.*.ts', '!../**/*.test.{ts,tsx}'], {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)
  .map(([, text]) => text)
  .join('\n');

describe('the Italian catalogue', () => {
  it('has every string, and no other', () => {
    expect([...second.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('says something everywhere, with the same placeholders', () => {
    for (const [key, text] of english) {
      const other = second.get(key) ?? '';
      expect(other.trim(), key).not.toBe('');
      // One patient may go without its number.
      const needed = key.endsWith('_one')
        ? placeholders(text).filter((name) => name !== 'count' && name !== 'n')
        : placeholders(text);
      for (const name of needed) expect(placeholders(other), key).toContain(name);
      for (const name of placeholders(other))
        expect([...placeholders(text), 'count'], `${key} knows {{${name ?? ''}}}`).toContain(name);
      expect(tags(other), key).toEqual(tags(text));
    }
  });

  it('is written as Italian is', () => {
    for (const [key, text] of second) {
      expect(text, `${key} has a typewriter's apostrophe`).not.toMatch(/\p{L}'\p{L}/u);
      expect(text, `${key} has three dots`).not.toContain('...');
    }
  });

  it('says whole millions in Italian', () => {
    const t = makeI18n('it').t;
    expect(t('common.registry.patients', { count: 1_000_000, patients: '1.000.000' })).toBe(
      '1.000.000 pazienti',
    );
    expect(t('common.registry.patients', { count: 1, patients: '1' })).toBe('1 paziente');
  });
});

describe('the English catalogue', () => {
  it('has both forms wherever it counts', () => {
    for (const key of english.keys()) {
      if (key.endsWith('_one')) expect(english.has(`${base(key)}_other`), key).toBe(true);
      if (key.endsWith('_other')) expect(english.has(`${base(key)}_one`), key).toBe(true);
    }
  });

  it('has no string that nothing says', () => {
    // Keys that are put together: everything before the part that varies, and after it.
    const patterns = [...sources.matchAll(/`([\w.]*)\$\{[^`]*?\}([\w.]*)`/g)]
      .filter(([, before]) => before?.includes('.'))
      .map(([, before = '', after = '']) => [before, after] as const);
    const unused = [...english.keys()].filter((key) => {
      const name = base(key);
      if (
        ['common', ...Object.keys(en)].some((space) => sources.includes(`'${name.replace(`${space}.`, '')}'`))
      )
        return false;
      return (
        !sources.includes(`'${name}'`) &&
        !patterns.some(([before, after]) => name.startsWith(before) && name.endsWith(after))
      );
    });
    expect(unused).toEqual([]);
  });
});
