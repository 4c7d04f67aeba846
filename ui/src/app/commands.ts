import type { Icon } from '@tabler/icons-react';
import { useEffect, useId, useSyncExternalStore } from 'react';

/** Something that the command palette offers. */
export interface Command {
  /** Stable; a page's command replaces one of the window with the same id. */
  id: string;
  label: string;
  /** Heading under which it stands. */
  group: string;
  /** More words to find it by. */
  keywords?: string;
  /** Its keys, for the eye: whoever offers it listens for them. */
  keys?: readonly string[];
  icon?: Icon;
  /** Only for those who type: too much to look through otherwise. */
  quiet?: boolean;
  /** Patients, folders, files: text from outside, shown as text. */
  name?: boolean;
  run: () => void;
}

const offers = new Map<string, readonly Command[]>();
const listeners = new Set<() => void>();
let all: readonly Command[] = [];

function settle(): void {
  const byId = new Map<string, Command>();
  for (const commands of offers.values()) for (const command of commands) byId.set(command.id, command);
  all = [...byId.values()];
  for (const listener of listeners) listener();
}

/** Offers commands in the palette for as long as the component is on screen (a hidden page offers nothing). */
export function useCommands(commands: readonly Command[]): void {
  const owner = useId();
  useEffect(() => {
    offers.set(owner, commands);
    settle();
  }, [owner, commands]);
  useEffect(
    () => () => {
      offers.delete(owner);
      settle();
    },
    [owner],
  );
}

/** All that is offered now. */
export function useOffered(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}

/** Text for comparing: small letters without accents. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The commands that fit what was typed, the best first; in their order, but the quiet ones, when nothing was. */
export function fitting(commands: readonly Command[], typed: string): Command[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return commands.filter((command) => command.quiet !== true);
  const scored = commands.flatMap((command, index) => {
    const label = plain(command.label);
    const rest = plain(`${command.group} ${command.keywords ?? ''}`);
    let score = 0;
    for (const word of words) {
      if (label.startsWith(word)) score += 4;
      else if (label.includes(` ${word}`)) score += 3;
      else if (label.includes(word)) score += 2;
      else if (rest.includes(word)) score += 1;
      else return [];
    }
    return [{ command, score, index }];
  });
  return scored.sort((a, b) => b.score - a.score || a.index - b.index).map(({ command }) => command);
}
