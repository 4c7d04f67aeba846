import { expect, it } from 'vitest';

import { MAX_HEIGHT, ROW_HEIGHT, rowsInSight, scaleOf, scrollFor } from './scale';

it('leaves a list that an engine can hold as it is', () => {
  expect(scaleOf(1_000_000, 600)).toEqual({ pitch: ROW_HEIGHT, height: 28_000_000 });
});

it('clamps a higher one, and its last row is still reached', () => {
  const total = 3_000_000;
  const viewport = 560;
  const scale = scaleOf(total, viewport);
  expect(scale.height).toBe(MAX_HEIGHT);
  const firstAtEnd = (scale.height - viewport) / scale.pitch;
  expect(firstAtEnd + viewport / ROW_HEIGHT).toBeCloseTo(total, 3);
});

it('scrolls as little as possible, and not at all for a row in sight', () => {
  const scale = scaleOf(1000, 280);
  expect(scrollFor(5, 0, 280, scale)).toBeNull();
  expect(scrollFor(9, 0, 280, scale)).toBeNull();
  expect(scrollFor(10, 0, 280, scale)).toBe(28);
  expect(scrollFor(2, 280, 280, scale)).toBe(56);
});

it('reaches any row of a clamped list', () => {
  const total = 5_000_000;
  const viewport = 560;
  const scale = scaleOf(total, viewport);
  for (const index of [0, 1, 2_500_000, total - 1]) {
    const top = scrollFor(index, 20_000_000, viewport, scale) ?? 20_000_000;
    const first = top / scale.pitch;
    expect(index).toBeGreaterThanOrEqual(first - 1e-3);
    expect(index + 1).toBeLessThanOrEqual(first + viewport / ROW_HEIGHT + 1e-3);
    expect(top).toBeLessThanOrEqual(scale.height - viewport + 1e-3);
  }
});

it('says one row at least', () => {
  expect(rowsInSight(0)).toBe(1);
  expect(rowsInSight(290)).toBe(10);
});
