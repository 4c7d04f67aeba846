import '@testing-library/jest-dom/vitest';
import { clearMocks } from '@tauri-apps/api/mocks';
import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

afterEach(async () => {
  cleanup();
  // Effects' clean-ups end in promises: let them run before the mocks go.
  await new Promise((resolve) => setTimeout(resolve));
  clearMocks();
});
