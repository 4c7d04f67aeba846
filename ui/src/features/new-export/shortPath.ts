/** The end of a path, which tells more than its beginning; whole where it is short. */
export function shortPath(path: string, most = 26): string {
  if (path.length <= most) return path;
  const parts = path.split('/').filter((part) => part !== '');
  let end = '';
  while (parts.length > 0) {
    const next = `/${parts.pop() ?? ''}${end}`;
    if (end !== '' && next.length + 1 > most) break;
    end = next;
  }
  return end.length > most ? `…${end.slice(-(most - 1))}` : `…${end}`;
}
