import { fireEvent } from '@testing-library/react';
import { expect, it } from 'vitest';

import { watchKeys } from './keysLead';

it('knows that keys lead from the first that moves the focus to the next click', () => {
  const root = document.createElement('div');
  const stop = watchKeys(root);
  const led = () => 'keysLead' in root.dataset;
  fireEvent.keyDown(document.body, { key: 'a' });
  expect(led()).toBe(false);
  fireEvent.keyDown(document.body, { key: 'Tab' });
  expect(led()).toBe(true);
  fireEvent.pointerDown(document.body);
  expect(led()).toBe(false);
  stop();
  fireEvent.keyDown(document.body, { key: 'Tab' });
  expect(led()).toBe(false);
});
