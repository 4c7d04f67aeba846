import { expect, it } from 'vitest';

import type { FileProblem } from '../../bindings/FileProblem';
import { countCodes, filterProblems, problemsOf, textsOf } from './problems';
import { record, row } from './testing';

const problem = (more: Partial<FileProblem>): FileProblem => ({
  file: '1',
  patient: 'P-7',
  path: 'scans/a.dcm',
  code: 'SOURCE_MISSING',
  message: 'The file is not there.',
  omitted: true,
  ...more,
});
const problems = [
  problem({}),
  problem({ path: 'scans/B.stl', code: 'SIZE_MISMATCH' }),
  problem({ path: 'x/c.jpg', patient: 'Q-9', message: 'Permission denied.', code: 'SIZE_MISMATCH' }),
];

it('filters by code and by text of path, patient or sentence', () => {
  expect(filterProblems(problems, 'SIZE_MISMATCH', '')).toHaveLength(2);
  expect(filterProblems(problems, null, 'b.STL')).toEqual([problems[1]]);
  expect(filterProblems(problems, null, 'q-9')).toEqual([problems[2]]);
  expect(filterProblems(problems, 'SOURCE_MISSING', 'permission')).toEqual([]);
});

it('counts codes, the most frequent first', () => {
  expect(countCodes(problems)).toEqual([
    { code: 'SIZE_MISMATCH', count: 2 },
    { code: 'SOURCE_MISSING', count: 1 },
  ]);
});

it('lists the files that made an export fail, beside the sentences of its error', () => {
  const failed = record(row(), {
    error: { code: 'SOURCE_MISSING', message: 'm', hint: '', details: ['near', problem({})] },
  });
  expect(problemsOf(failed)).toHaveLength(1);
  expect(textsOf(failed)).toEqual(['near']);
  expect(problemsOf(record(row(), { problems }))).toBe(problems);
});
