/** What moves the focus. */
const MOVING = new Set(['Tab', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'End']);

/**
 * Notes at the root of the page whether keys lead the focus, so that it is drawn: WebKit takes `:focus-visible` away from all controls
 * of a dialog that was opened by a click, also when one goes on by keys. Answers how to stop.
 */
export function watchKeys(root: HTMLElement): () => void {
  const key = (event: KeyboardEvent) => {
    if (MOVING.has(event.key)) root.dataset.keysLead = '';
  };
  const pointer = () => {
    delete root.dataset.keysLead;
  };
  window.addEventListener('keydown', key, true);
  window.addEventListener('pointerdown', pointer, true);
  return () => {
    window.removeEventListener('keydown', key, true);
    window.removeEventListener('pointerdown', pointer, true);
  };
}
