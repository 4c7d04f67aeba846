import { expect, it } from 'vitest';

import { PAGE_ROWS, RowPages } from './pages';

const page = (revision: number, number: number, total: number, mark = '') => ({
  revision,
  total,
  offset: number * PAGE_ROWS,
  rows: Array.from({ length: Math.min(PAGE_ROWS, total - number * PAGE_ROWS) }, (_, at) => ({
    name: `${number * PAGE_ROWS + at}${mark}`,
  })),
});

it('says which pages are wanted, and shows what has come', () => {
  const pages = new RowPages<{ name: string }>();
  pages.expect(1, 250);
  expect(pages.missing(90, 210)).toEqual([0, 1, 2]);
  pages.put(page(1, 1, 250));
  expect(pages.missing(90, 210)).toEqual([0, 2]);
  expect(pages.row(150)?.name).toBe('150');
  expect(pages.row(10)).toBeUndefined();
  expect(pages.missing(200, 100_000)).toEqual([2]);
});

it('keeps showing stale rows until newer ones are there', () => {
  const pages = new RowPages<{ name: string }>();
  pages.expect(1, 250);
  pages.put(page(1, 0, 250));
  pages.expect(2, 250);
  expect(pages.row(7)?.name).toBe('7');
  expect(pages.fresh(7)).toBe(false);
  expect(pages.missing(0, 30)).toEqual([0]);
  pages.put(page(2, 0, 250, ' new'));
  expect(pages.row(7)?.name).toBe('7 new');
  expect(pages.fresh(7)).toBe(true);
});

it('takes no older page for a newer one, and no row beyond the end', () => {
  const pages = new RowPages<{ name: string }>();
  pages.expect(3, 250);
  pages.put(page(3, 0, 250));
  pages.put(page(2, 0, 250, ' late'));
  pages.expect(1, 9000);
  expect(pages.row(7)?.name).toBe('7');
  expect(pages.total).toBe(250);
  pages.expect(4, 5);
  expect(pages.row(7)).toBeUndefined();
  expect(pages.row(4)?.name).toBe('4');
});

it('learns a newer revision from rows that come before the state', () => {
  const pages = new RowPages<{ name: string }>();
  pages.expect(1, 250);
  pages.put(page(2, 0, 120));
  expect(pages.revision).toBe(2);
  expect(pages.total).toBe(120);
});

it('keeps the identity of rows that say the same', () => {
  const pages = new RowPages<{ name: string }>();
  pages.expect(1, 100);
  pages.put(page(1, 0, 100));
  const before = pages.row(3);
  pages.expect(2, 100);
  const next = page(2, 0, 100);
  next.rows[4] = { name: 'other' };
  pages.put(next, (a, b) => a.name === b.name);
  expect(pages.row(3)).toBe(before);
  expect(pages.row(4)?.name).toBe('other');
});

it('lets go of stale pages out of sight, and of the farthest when there are many', () => {
  const pages = new RowPages<{ name: string }>();
  pages.expect(1, 100_000);
  for (let number = 0; number < 100; number += 1) pages.put(page(1, number, 100_000));
  expect(pages.row(0)).toBeUndefined();
  expect(pages.row(99 * PAGE_ROWS)?.name).toBe(String(99 * PAGE_ROWS));
  pages.expect(2, 100_000);
  pages.dropStale(99 * PAGE_ROWS, 99 * PAGE_ROWS + 30);
  expect(pages.row(98 * PAGE_ROWS)).toBeUndefined();
  expect(pages.row(99 * PAGE_ROWS)?.name).toBe(String(99 * PAGE_ROWS));
});

it('finds a row again among those that are loaded, the nearest first', () => {
  const pages = new RowPages<{ name: string }>();
  pages.expect(1, 300);
  pages.put(page(1, 0, 300));
  pages.put(page(1, 2, 300));
  expect(pages.findLoaded((row) => row.name.endsWith('7'), 205)).toBe(207);
  expect(pages.findLoaded((row) => row.name === 'nobody', 0)).toBeNull();
});
