import { FIELDS, type Field } from './fields';

/** By what the studies stand, and in which direction. On the way to Rust it is `order_datetime_desc`. */
export interface Sort {
  field: Field;
  descending: boolean;
}

export const NEWEST: Sort = { field: 'order_datetime', descending: true };

export function sortName({ field, descending }: Sort): string {
  return `${field}_${descending ? 'desc' : 'asc'}`;
}

export function sortNamed(name: string): Sort {
  const field = FIELDS.find((each) => name === `${each}_asc` || name === `${each}_desc`);
  return field === undefined ? NEWEST : { field, descending: name.endsWith('_desc') };
}

const TIMES: ReadonlySet<Field> = new Set<Field>([
  'order_datetime',
  'check_in_datetime',
  'report_certification_datetime',
]);

/** What a click on a header asks for: times newest first, all else from the beginning; once more turns it round. */
export function nextSort(now: Sort, field: Field): Sort {
  if (now.field === field) return { field, descending: !now.descending };
  return { field, descending: TIMES.has(field) };
}
