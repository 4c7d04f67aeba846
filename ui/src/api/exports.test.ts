import { QueryClient } from '@tanstack/react-query';
import { expect, it } from 'vitest';

import type { ExportRows } from '../bindings/ExportRows';
import { makeFakeHost } from '../test/fakeHost';
import { applyEvent, askExports } from './events';

it('asks for the list again when an event overtook the answer', async () => {
  const answers: ExportRows[] = [];
  const host = makeFakeHost({
    exports: () => {
      // While the first answer is on its way, an export ends.
      if (answers.length === 0) applyEvent(new QueryClient(), { type: 'exports', rows: [], removed: [] });
      const answer: ExportRows = { exports: [] };
      answers.push(answer);
      return answer;
    },
  });
  expect(await askExports(host)).toBe(answers[1]);
  expect(host.calls).toHaveLength(2);
});
