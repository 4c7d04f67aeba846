import { expect, it } from 'vitest';

import { blockedBy } from './blocked';
import { counts, narrows, toggled, withModality } from './filter';
import { nameFault } from './name';
import { previewLines } from './previewLines';
import { roomFor, tooLargeAFile } from './room';
import { sharesOf } from './shares';
import { shortPath } from './shortPath';
import { browseState, destination } from './testing';

it('says why an export cannot be created, the nearest reason first', () => {
  const empty = browseState({ counts: { selected: 0 }, estimate: { files: 0 } });
  expect(blockedBy(undefined, destination(), null)).toEqual({ why: 'loading' });
  expect(blockedBy(empty, destination({ folder: null }), null)).toEqual({ why: 'nothingSelected' });
  expect(blockedBy(browseState({ contents: { modalities: [], kind: 'both' } }), destination(), null)).toEqual(
    {
      why: 'noModality',
    },
  );
  expect(blockedBy(browseState({ estimate: { files: 0, forbidden: 0 } }), destination(), null)).toEqual({
    why: 'nothingToExport',
  });
  expect(
    blockedBy(
      browseState({ counts: { selected: 2 }, estimate: { files: 0, forbidden: 2 } }),
      destination(),
      null,
    ),
  ).toEqual({ why: 'mayNotExport' });
  expect(blockedBy(browseState(), destination({ folder: null }), null)).toEqual({ why: 'noDestination' });
  expect(blockedBy(browseState(), destination(), 'zip')).toEqual({ why: 'name' });
  expect(
    blockedBy(
      browseState(),
      destination({ problem: { code: 'DESTINATION_MISSING', message: 'Gone.', hint: '', details: [] } }),
      null,
    ),
  ).toEqual({
    why: 'destination',
    problem: { code: 'DESTINATION_MISSING', message: 'Gone.', hint: '', details: [] },
  });
  expect(blockedBy(browseState({ estimate: { bytes: 100 } }), destination({ free_bytes: 90 }), null)).toEqual(
    {
      why: 'noRoom',
      short: 10,
    },
  );
  expect(blockedBy(browseState(), destination(), null)).toBeNull();
});

it('tells room that fits, is tight, is missing', () => {
  expect(roomFor(10, destination({ free_bytes: 100 })).type).toBe('fits');
  expect(roomFor(95, destination({ free_bytes: 100 })).type).toBe('tight');
  expect(roomFor(101, destination({ free_bytes: 100 }))).toEqual({ type: 'none', free: 100, short: 1 });
  expect(roomFor(1, undefined)).toEqual({ type: 'unknown' });
  const fat = destination({ free_bytes: 10 ** 12, largest_file: 4_294_967_295 });
  expect(tooLargeAFile(5 * 10 ** 9, fat)).toBe(4_294_967_295);
  expect(tooLargeAFile(4 * 10 ** 9, fat)).toBeNull();
});

it.each([
  ['', null],
  ['study_a', null],
  ['Größe 2025 ü', null],
  ['患者 export', null],
  ['a/b', 'character'],
  ['a\u202Eb', 'character'],
  ['a:b', 'character'],
  [' a', 'edge'],
  ['a ', 'edge'],
  ['a.', 'dotEnd'],
  ['..', 'dotEnd'],
  ['.a', 'dotStart'],
  ['-a', 'dash'],
  ['a.ZIP', 'zip'],
  ['con', 'reserved'],
  ['LPT1.txt', 'reserved'],
  ['é'.repeat(61), 'long'],
])('judges the name %j: %s', (name, fault) => {
  expect(nameFault(name)).toBe(fault);
});

it('keeps all modalities as all, also those to come', () => {
  const all = { modalities: null, kind: 'both' } as const;
  const without = withModality(all, [1, 2, 3], 2);
  expect(without.modalities).toEqual([1, 3]);
  expect(counts(without, 2)).toBe(false);
  expect(withModality(without, [1, 2, 3], 2).modalities).toBeNull();
  expect(withModality({ ...all, modalities: [1] }, [1, 2], 1).modalities).toEqual([]);
  expect(toggled([1], 2)).toEqual([1, 2]);
  expect(narrows({ tags: [], tag_mode: 'any', modalities: [], text: '  ', among: null })).toBe(false);
  expect(narrows({ tags: [], tag_mode: 'any', modalities: [], text: '', among: { type: 'list' } })).toBe(
    true,
  );
});

it('puts kinds of a modality together and small modalities into a rest', () => {
  const row = (modality: number, kind: string, bytes: number) => ({
    modality,
    slug: `m${modality}`,
    kind,
    patients: 1,
    files: 1,
    bytes,
  });
  expect(sharesOf([row(2, 'raw', 5), row(1, 'raw', 20), row(2, 'processed', 30)], [1, 2])).toMatchObject([
    { slug: 'm2', bytes: 35, files: 2, color: 1 },
    { slug: 'm1', bytes: 20, color: 0 },
  ]);
  const many = sharesOf(
    Array.from({ length: 9 }, (_, at) => row(at, 'raw', 9 - at)),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  expect(many).toHaveLength(6);
  expect(many.at(-1)).toMatchObject({ slug: null, bytes: 4 + 3 + 2 + 1 });
});

it('writes entries as a tree', () => {
  const lines = previewLines([
    { name: 'top/p1/a.png', bytes: 3 },
    { name: 'top/p1/b.png', bytes: 4 },
    { name: 'top/p2/a.png', bytes: 5 },
    { name: 'top/metadata.json', bytes: null },
  ]);
  expect(lines.map((line) => `${'  '.repeat(line.depth)}${line.name}${line.folder ? '/' : ''}`)).toEqual([
    'top/',
    '  p1/',
    '    a.png',
    '    b.png',
    '  p2/',
    '    a.png',
    '  metadata.json',
  ]);
});

it('shortens a path from its beginning', () => {
  expect(shortPath('/data/out')).toBe('/data/out');
  expect(shortPath('/home/researcher/projects/2025/ortho/exports/out', 20)).toBe('…/ortho/exports/out');
  expect(shortPath(`/${'x'.repeat(100)}`, 20)).toHaveLength(20);
});
