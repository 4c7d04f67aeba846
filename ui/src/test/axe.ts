import axe from 'axe-core';

/** What axe finds in the document, as text. jsdom has no colours and no layout: the window tests look at those. */
export async function axeViolations(): Promise<string[]> {
  const { violations } = await axe.run(document, { rules: { 'color-contrast': { enabled: false } } });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
}
