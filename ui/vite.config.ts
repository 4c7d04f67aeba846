/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  clearScreen: false,
  server: { port: 5173, strictPort: true, host: '127.0.0.1' },
  // WebKitGTK's engine; the page never leaves the application, so one chunk is as good as many.
  build: { target: 'safari16.4', outDir: 'dist', sourcemap: false, chunkSizeWarningLimit: 2000 },
  test: { environment: 'jsdom', setupFiles: ['./src/test-setup.ts'], css: false, testTimeout: 60_000 },
});
