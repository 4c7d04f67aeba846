import { act, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { makeI18n } from '../i18n';
import { I18nextProvider } from 'react-i18next';
import { heard, look, SILENT_AFTER_MS } from './silence';
import { SilentBanner } from './SilentBanner';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(milliseconds: number): void {
  act(() => {
    vi.advanceTimersByTime(milliseconds);
  });
}

function show() {
  render(
    <I18nextProvider i18n={makeI18n('en')}>
      <SilentBanner />
    </I18nextProvider>,
  );
  act(() => {
    look();
    heard();
  });
}

it('says so when Rust is silent, and takes it back at its next word', () => {
  show();
  pass(SILENT_AFTER_MS);
  expect(screen.queryByTestId('silent')).not.toBeInTheDocument();
  pass(250);
  expect(screen.getByTestId('silent')).toHaveTextContent('does not answer');
  act(heard);
  expect(screen.queryByTestId('silent')).not.toBeInTheDocument();
});

it('says nothing while words come', () => {
  show();
  for (let second = 0; second < 10; second += 1) {
    pass(1000);
    act(heard);
  }
  expect(screen.queryByTestId('silent')).not.toBeInTheDocument();
});

it('does not blame Rust for a pause of the page itself', () => {
  show();
  // The timers of a page in the background stand still; then the first look comes late.
  const late = performance.now() + 60_000;
  const clock = vi.spyOn(performance, 'now').mockReturnValue(late);
  act(look);
  expect(screen.queryByTestId('silent')).not.toBeInTheDocument();
  clock.mockRestore();
});
