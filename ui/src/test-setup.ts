import '@testing-library/jest-dom/vitest';
import { clearMocks } from '@tauri-apps/api/mocks';
import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

// A machine that does other things too is slow, not wrong.
configure({ asyncUtilTimeout: 15_000 });

// What jsdom lacks and the component kit asks for: a desktop that is light, boxes that never change, no scrolling.
window.matchMedia = (media: string): MediaQueryList =>
  ({
    matches: false,
    media,
    onchange: null,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    dispatchEvent: () => false,
  }) as unknown as MediaQueryList;
window.ResizeObserver = class {
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
};
Element.prototype.scrollIntoView = () => undefined;

afterEach(async () => {
  cleanup();
  window.location.hash = '';
  // Effects' clean-ups end in promises: let them run before the mocks go.
  await new Promise((resolve) => setTimeout(resolve));
  clearMocks();
});
