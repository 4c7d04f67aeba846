import type { StudyLine } from '../../bindings/StudyLine';
import type { Field } from './fields';

/** What a cell shows: the text as the source has it, times as they are written in the chosen zone. */
export function cellOf(line: StudyLine, field: Field): string {
  const value = line[field];
  return value === null ? '' : String(value);
}
