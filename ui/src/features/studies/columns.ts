import { asFields, LIST, type Field } from './fields';

/** Which columns stand in the table, in which order, and how wide each is. */
export interface Columns {
  fields: readonly Field[];
  widths: Readonly<Partial<Record<Field, number>>>;
}

export const NARROWEST = 48;
export const WIDEST = 800;
/** What an arrow key adds to a width. */
export const STEP = 16;

const WIDTHS: Record<Field, number> = {
  exam_id: 128,
  medical_record_no: 112,
  application_order_no: 128,
  patient_name: 140,
  patient_gender: 64,
  patient_birth_date: 104,
  patient_age: 56,
  exam_status: 112,
  exam_source: 112,
  exam_item: 104,
  exam_description: 220,
  exam_room: 112,
  exam_equipment: 128,
  equipment_type: 104,
  order_datetime: 160,
  check_in_datetime: 160,
  report_certification_datetime: 160,
  certified_physician: 140,
};

export const USUAL: Columns = { fields: LIST, widths: {} };

/** Columns as they were kept: at least one, each once. */
export function columnsOf(names: readonly string[], widths: Readonly<Record<string, number>> = {}): Columns {
  const fields = [...new Set(asFields(names))];
  const kept: Partial<Record<Field, number>> = {};
  for (const field of asFields(Object.keys(widths))) kept[field] = clamped(widths[field] ?? WIDTHS[field]);
  return { fields: fields.length > 0 ? fields : LIST, widths: kept };
}

export function widthOf({ widths }: Columns, field: Field): number {
  return widths[field] ?? WIDTHS[field];
}

function clamped(width: number): number {
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
}

export function resized(columns: Columns, field: Field, width: number): Columns {
  return { ...columns, widths: { ...columns.widths, [field]: clamped(width) } };
}

/** A column shown, at the end, or hidden; the last one stays. */
export function toggledColumn(columns: Columns, field: Field): Columns {
  if (!columns.fields.includes(field)) return { ...columns, fields: [...columns.fields, field] };
  if (columns.fields.length === 1) return columns;
  return { ...columns, fields: columns.fields.filter((each) => each !== field) };
}

/** A column moved so that it stands at `to`. */
export function movedTo(columns: Columns, field: Field, to: number): Columns {
  const from = columns.fields.indexOf(field);
  const at = Math.min(Math.max(to, 0), columns.fields.length - 1);
  if (from === -1 || from === at) return columns;
  const fields = columns.fields.filter((each) => each !== field);
  fields.splice(at, 0, field);
  return { ...columns, fields };
}

/** The place that a column dragged to `x` would take: between the columns whose middles it has passed. */
export function placeAt(columns: Columns, field: Field, x: number): number {
  let left = 0;
  let place = 0;
  for (const each of columns.fields) {
    const width = widthOf(columns, each);
    if (each !== field && x > left + width / 2) place += 1;
    left += width;
  }
  return place;
}

/** `grid-template-columns` of a row: the box, the columns, what is left. */
export function template(columns: Columns, box: number): string {
  return `${box}px ${columns.fields.map((field) => `${widthOf(columns, field)}px`).join(' ')} minmax(0, 1fr)`;
}

export function widthOfAll(columns: Columns): number {
  return columns.fields.reduce((sum, field) => sum + widthOf(columns, field), 0);
}

export function sameFields(a: readonly Field[], b: readonly Field[]): boolean {
  return a.length === b.length && a.every((field, at) => field === b[at]);
}
