import type { StudyFilter } from '../../bindings/StudyFilter';

/** Fields of which one value can be said. */
export const EXACT = ['exam_status', 'exam_source', 'exam_item'] as const;
export type Exact = (typeof EXACT)[number];
/** Fields of which several values can be said. */
export const SEVERAL = ['exam_description', 'exam_equipment', 'exam_room', 'patient_gender'] as const;
export type Several = (typeof SEVERAL)[number];

export function isExact(field: Exact | Several): field is Exact {
  return (EXACT as readonly string[]).includes(field);
}

/** Every study; days and times stay in the zone that was chosen. */
export function noFilter({ time_zone }: Pick<StudyFilter, 'time_zone'>): StudyFilter {
  return {
    q: '',
    exam_equipment: [],
    patient_gender: [],
    exam_description: [],
    exam_room: [],
    ...(time_zone == null ? {} : { time_zone }),
  };
}

/** A filter as it comes from Rust, with the lists and the text that say nothing, which it leaves out. */
export function whole(filter: Partial<StudyFilter>): StudyFilter {
  return { ...noFilter({}), ...filter };
}

/** Something that narrows, as a chip. */
export type Chip =
  | { part: Exact; value: string }
  | { part: Several; value: string }
  | { part: 'application_order_no'; value: string }
  | { part: 'age'; min: number | null; max: number | null }
  | { part: 'date'; start: string | null; end: string | null }
  | { part: 'exam_ids'; count: number };

/** What narrows, besides the text. */
export function chipsOf(filter: StudyFilter): Chip[] {
  const chips: Chip[] = [];
  for (const part of EXACT) {
    const value = filter[part];
    if (value != null) chips.push({ part, value });
  }
  for (const part of SEVERAL) for (const value of filter[part]) chips.push({ part, value });
  const [min, max] = [filter.patient_age_min ?? null, filter.patient_age_max ?? null];
  if (min !== null || max !== null) chips.push({ part: 'age', min, max });
  const [start, end] = [filter.start_date ?? null, filter.end_date ?? null];
  if (start !== null || end !== null) chips.push({ part: 'date', start, end });
  if (filter.application_order_no != null)
    chips.push({ part: 'application_order_no', value: filter.application_order_no });
  if (filter.exam_ids != null) chips.push({ part: 'exam_ids', count: filter.exam_ids.length });
  return chips;
}

/** Whether anything narrows. */
export function narrows(filter: StudyFilter): boolean {
  return filter.q.trim() !== '' || chipsOf(filter).length > 0;
}

/** Keys that say nothing are left out, so that two filters that say the same are the same. */
function said(filter: StudyFilter): StudyFilter {
  return Object.fromEntries(
    Object.entries(filter).filter(([, value]) => (value as unknown) != null),
  ) as StudyFilter;
}

/** The filter without what a chip says. */
export function without(filter: StudyFilter, chip: Chip): StudyFilter {
  switch (chip.part) {
    case 'age':
      return withAge(filter, null, null);
    case 'date':
      return withDates(filter, null, null);
    case 'exam_description':
    case 'exam_equipment':
    case 'exam_room':
    case 'patient_gender':
      return withValue(filter, chip.part, chip.value, false);
    default:
      return said({ ...filter, [chip.part]: null });
  }
}

/** A value chosen or not: of a field that takes one, it takes the place of the other. */
export function withValue(
  filter: StudyFilter,
  field: Exact | Several,
  value: string,
  on: boolean,
): StudyFilter {
  if (isExact(field)) return said({ ...filter, [field]: on ? value : null });
  const rest = filter[field].filter((each) => each !== value);
  return { ...filter, [field]: on ? [...rest, value] : rest };
}

/** The values of a field that are chosen. */
export function chosen(filter: StudyFilter, field: Exact | Several): readonly string[] {
  if (!isExact(field)) return filter[field];
  const value = filter[field];
  return value == null ? [] : [value];
}

export function withoutField(filter: StudyFilter, field: Exact | Several): StudyFilter {
  return isExact(field) ? said({ ...filter, [field]: null }) : { ...filter, [field]: [] };
}

export function withAge(filter: StudyFilter, min: number | null, max: number | null): StudyFilter {
  return said({ ...filter, patient_age_min: min, patient_age_max: max });
}

export function withDates(filter: StudyFilter, start: string | null, end: string | null): StudyFilter {
  return said({ ...filter, start_date: start, end_date: end });
}

export function withOrderNo(filter: StudyFilter, value: string): StudyFilter {
  const text = value.trim();
  return said({ ...filter, application_order_no: text === '' ? null : text });
}

export function withZone(filter: StudyFilter, zone: string): StudyFilter {
  return said({ ...filter, time_zone: zone === '' ? null : zone });
}

/** A pasted list of examinations; an empty text says nothing, rather than no study at all. */
export function withIds(filter: StudyFilter, text: string): StudyFilter {
  const ids = idsIn(text);
  return said({ ...filter, exam_ids: ids.length === 0 ? null : ids });
}

/** Ids of a text: one a line, or between commas, semicolons, tabs, blanks; each once. */
export function idsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/u).filter((id) => id !== ''))];
}

/** A whole number of years as typed; `null` for nothing, `undefined` for what is none. */
export function ageIn(text: string): number | null | undefined {
  const digits = text.trim();
  if (digits === '') return null;
  return /^\d{1,3}$/u.test(digits) ? Number(digits) : undefined;
}
