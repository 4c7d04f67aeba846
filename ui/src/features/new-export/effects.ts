import type { CommandName } from '../../host/types';

/** Commands after which other patients, or other contents of them, would be exported. */
const SELECTS: ReadonlySet<CommandName> = new Set<CommandName>([
  'check',
  'check_rows',
  'check_matching',
  'keep_complete',
  'clear_selection',
  'undo',
  'redo',
  'use_list',
  'apply_cohort',
  'set_contents',
]);

/** Commands after which rows stand elsewhere. */
const MOVES: ReadonlySet<CommandName> = new Set<CommandName>([
  'set_filter',
  'set_contents',
  'expand',
  'expand_all',
  'expand_beside',
  'find',
  'use_list',
  'apply_cohort',
]);

export function changesSelection(command: CommandName): boolean {
  return SELECTS.has(command);
}

export function movesRows(command: CommandName): boolean {
  return MOVES.has(command);
}
