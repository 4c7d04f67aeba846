import { useSyncExternalStore } from 'react';

/** The pages. The hash keeps the page over a reload. */
export const PAGES = ['new-export', 'exports', 'studies', 'settings'] as const;
export type Page = (typeof PAGES)[number];

function current(): Page {
  const hash = window.location.hash.slice(1).split('/')[0];
  return PAGES.find((page) => page === hash) ?? 'new-export';
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function usePage(): Page {
  return useSyncExternalStore(subscribe, current);
}

/** Goes to a page; `detail` is what it shall show, such as the id of an export. */
export function goTo(page: Page, detail?: string): void {
  window.location.hash = detail ? `${page}/${encodeURIComponent(detail)}` : page;
}

/** What the page shall show. */
export function usePageDetail(): string | undefined {
  return useSyncExternalStore(subscribe, () => {
    const detail = window.location.hash.split('/')[1];
    return detail ? decodeURIComponent(detail) : undefined;
  });
}
