import type { Page } from './page';

/** What a key of the whole window does. */
export type Shortcut = Page | 'palette' | 'sheet';

/** Whether the focus is where keys are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  if (!(target instanceof HTMLInputElement)) return false;
  return !['checkbox', 'radio', 'button', 'submit', 'reset', 'range', 'file', 'color'].includes(target.type);
}

/** Whether a dialog has the window: then only its own keys count. */
export function dialogIsOpen(): boolean {
  return document.querySelector('[role="dialog"][aria-modal="true"], [role="alertdialog"]') !== null;
}

/** The window's shortcut that a key stands for, if it is one here and now. */
export function keyOf(event: KeyboardEvent): Shortcut | null {
  if (event.defaultPrevented || event.isComposing || event.altKey || dialogIsOpen()) return null;
  const control = event.ctrlKey || event.metaKey;
  if (control && !event.shiftKey) {
    switch (event.key.toLowerCase()) {
      case '1':
        return 'new-export';
      case '2':
        return 'exports';
      case '3':
        return 'studies';
      case ',':
        return 'settings';
      case 'k':
        return 'palette';
      default:
        return null;
    }
  }
  if (control || isTyping(event.target)) return null;
  // In a menu or a list letters jump.
  if (event.target instanceof Element && event.target.closest('[role="menu"], [role="listbox"]')) return null;
  return event.key === '?' ? 'sheet' : null;
}
