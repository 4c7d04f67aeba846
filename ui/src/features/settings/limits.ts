import type { ErrorReport } from '../../bindings/ErrorReport';
import type { LimitsInput } from '../../bindings/LimitsInput';
import type { LimitsView } from '../../bindings/LimitsView';

/** The limits as they stand in the form: text, as people write it. */
export type LimitsForm = Record<keyof LimitsInput, string>;

export const LIMITS = [
  'max_bytes_per_export',
  'max_patients_per_export',
  'max_studies_per_export',
  'max_kept_bytes_per_user',
  'free_space_reserve',
  'concurrent_jobs',
] as const satisfies readonly (keyof LimitsInput)[];

const DECIMAL = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
] as const;
const BINARY = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const;

/** A size so that reading it again gives the same bytes: 500 GB, 1.5 TB, 1 GiB, 1234567. */
export function sizeAsWritten(bytes: number): string {
  for (const [unit, name] of DECIMAL)
    if (bytes >= unit && (bytes * 10) % unit === 0) return `${bytes / unit} ${name}`;
  for (const [unit, name] of BINARY)
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit} ${name}`;
  return String(bytes);
}

/** The form for limits that are in force. */
export function formOf(limits: LimitsView): LimitsForm {
  const size = (bytes: number | null) => (bytes === null ? '' : sizeAsWritten(bytes));
  return {
    max_bytes_per_export: size(limits.max_bytes_per_export),
    max_patients_per_export:
      limits.max_patients_per_export === null ? '' : String(limits.max_patients_per_export),
    max_studies_per_export:
      limits.max_studies_per_export === null ? '' : String(limits.max_studies_per_export),
    max_kept_bytes_per_user: size(limits.max_kept_bytes_per_user),
    free_space_reserve: size(limits.free_space_reserve),
    concurrent_jobs: String(limits.concurrent_jobs),
  };
}

/** What is sent; nothing where the number of jobs is no number, since only a number can be sent. Rust judges the rest. */
export function inputOf(form: LimitsForm): LimitsInput | null {
  const jobs = form.concurrent_jobs.trim();
  return /^\d{1,9}$/.test(jobs) ? { ...form, concurrent_jobs: Number(jobs) } : null;
}

/** The field that an error is about, where it says so. */
export function fieldOf(report: ErrorReport): keyof LimitsInput | null {
  const said = [
    ...report.details.filter((detail) => typeof detail === 'string'),
    report.message,
    report.hint,
  ];
  return LIMITS.find((field) => said.some((text) => text.includes(field))) ?? null;
}

/** What is wrong, without the name of the key: it stands at its field. */
export function reasonOf(report: ErrorReport, field: keyof LimitsInput): string {
  const [before, reason] = report.message.split(`\`${field}\`: `);
  return reason !== undefined && /^(Line \d+ of the settings, key )?$/.test(before ?? '')
    ? reason
    : report.message;
}
