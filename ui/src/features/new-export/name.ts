/** What is wrong with a name for an archive, as Rust judges it too (`ArchiveName`); Rust has the last word. */
export type NameFault = 'character' | 'edge' | 'dotEnd' | 'dotStart' | 'dash' | 'zip' | 'reserved' | 'long';

const MOST_BYTES = 120;
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;
// Controls and format characters (such as those that turn the direction), and what a platform forbids in a name.
const FORBIDDEN = /[/\\:*?"<>|\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

export function nameFault(typed: string): NameFault | null {
  const name = typed.normalize('NFC');
  if (name === '') return null; // automatic
  if (FORBIDDEN.test(name)) return 'character';
  if (/^\p{Zs}|\p{Zs}$/u.test(name)) return 'edge';
  if (name.endsWith('.')) return 'dotEnd';
  if (name.startsWith('.')) return 'dotStart';
  if (name.startsWith('-')) return 'dash';
  if (/\.zip$/i.test(name)) return 'zip';
  if (RESERVED.test(name)) return 'reserved';
  if (new TextEncoder().encode(name).length > MOST_BYTES) return 'long';
  return null;
}
