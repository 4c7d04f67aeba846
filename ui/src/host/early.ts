import { tauriHost } from './tauri';

/** How to begin, asked before anything else is read: the answer comes while the page is still being made. */
export const begun = tauriHost.call('start', {});
// Said by the page when it looks.
begun.catch(() => undefined);
