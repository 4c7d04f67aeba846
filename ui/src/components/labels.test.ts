import { expect, it } from 'vitest';

import { shortLabels } from './labels';

it('leaves out beginnings that names share, and nothing else', () => {
  const names = ['braintumor-mri-flair', 'braintumor-mri-t1', 'braintumor-mri-t2', 'intraoral-scan', 'cbct'];
  expect(Object.fromEntries(shortLabels(names))).toEqual({
    'braintumor-mri-flair': 'flair',
    'braintumor-mri-t1': 't1',
    'braintumor-mri-t2': 't2',
    'intraoral-scan': 'intraoral-scan',
    cbct: 'cbct',
  });
});

it('never gives two names one label', () => {
  const names = ['a-x-scan', 'a-x-photo', 'b-x-scan', 'b-x-photo'];
  const labels = [...shortLabels(names).values()];
  expect(new Set(labels).size).toBe(names.length);
});
