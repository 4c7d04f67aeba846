import type { TFunction } from 'i18next';

import type { ExportRow } from '../../bindings/ExportRow';
import type { FolderRef } from '../../bindings/FolderRef';
import type { Selection } from '../../bindings/Selection';
import type { StudyFilter } from '../../bindings/StudyFilter';
import { errorWords } from '../../errors/words';
import type { Format } from '../../format/format';
import { hasShare, shareOf, standingOf, type Act } from './model';

/** The state in a word or two: "Writing 62 %". */
export function stateWord(row: ExportRow, t: TFunction, format: Format): string {
  const standing = standingOf(row);
  const word = t(`exports.state.${standing}`);
  const share = shareOf(row.progress);
  if (!hasShare(standing) || share === null) return word;
  // A whole hundred only when it is whole.
  return `${word} ${format.percent(Math.floor(share * 100) / 100)}`;
}

/** 298 GB of 482 GB · 11,304 of 18,204 files · 118 MB/s · about 4 min left */
export function progressParts(row: ExportRow, t: TFunction, format: Format): string[] {
  const { progress } = row;
  const standing = standingOf(row);
  if (!progress || standing === 'queued') return sizeParts(row, t, format);
  const parts: string[] = [];
  if (progress.bytes_total > 0)
    parts.push(
      t('exports.of', { done: format.bytes(progress.bytes_done), total: format.bytes(progress.bytes_total) }),
    );
  if (progress.files_total > 0)
    parts.push(
      t(row.studies === null ? 'exports.filesOf' : 'exports.studiesOf', {
        count: progress.files_total,
        done: format.count(progress.files_done),
        total: format.count(progress.files_total),
      }),
    );
  if (standing === 'cancelling') return parts;
  if (standing === 'stalled') return [...parts, t('exports.stalledAbout')];
  return [...parts, ...paceParts(row, t, format)];
}

/** 118 MB/s · about 4 min left: each only where it is known. */
export function paceParts(row: ExportRow, t: TFunction, format: Format): string[] {
  const { progress } = row;
  if (!progress || progress.stalled || row.cancelling) return [];
  const parts: string[] = [];
  if (progress.bytes_per_second !== null && progress.bytes_per_second > 0)
    parts.push(format.rate(progress.bytes_per_second));
  if (progress.seconds_left !== null)
    parts.push(t('exports.left', { time: format.duration(progress.seconds_left) }));
  return parts;
}

/** 210 patients · 18,204 files, or 12,480 studies, with the size first where there are bytes. */
export function sizeParts(row: ExportRow, t: TFunction, format: Format): string[] {
  const parts: string[] = [];
  const bytes = row.archive_bytes ?? row.bytes;
  if (bytes > 0) parts.push(format.bytes(bytes));
  if (row.studies !== null)
    return [...parts, t('exports.studies', { count: row.studies, n: format.count(row.studies) })];
  if (row.patients > 0)
    parts.push(t('exports.patients', { count: row.patients, n: format.count(row.patients) }));
  if (row.files > 0) parts.push(t('exports.files', { count: row.files, n: format.count(row.files) }));
  return parts;
}

/** The second line of a row. */
export function detailParts(row: ExportRow, t: TFunction, format: Format, now: number): string[] {
  const standing = standingOf(row);
  const ended = row.completed_at ?? row.created_at;
  const attempt = row.attempt > 1 ? [t('exports.attempt', { n: format.count(row.attempt) })] : [];
  switch (standing) {
    case 'done':
      return [...sizeParts(row, t, format), format.moment(ended, now)];
    case 'problems':
      return [problemsWord(row, t, format), ...sizeParts(row, t, format), format.moment(ended, now)];
    case 'missing':
      return [row.path === null ? t('exports.missingAbout') : t('exports.missingAt', { path: row.path })];
    case 'altered':
      return [t('exports.alteredAbout')];
    case 'failed':
    case 'interrupted':
      return [
        reasonOf(row, t, format) ?? t(`exports.happened.${standing}`),
        format.moment(ended, now),
        ...attempt,
      ];
    case 'cancelled':
      return [t('exports.nothingLeft'), format.moment(ended, now), ...attempt];
    case 'running':
      return row.progress
        ? progressParts(row, t, format)
        : [t('exports.elsewhere'), ...sizeParts(row, t, format)];
    default:
      return progressParts(row, t, format);
  }
}

/** What happened to an export, in a sentence or two; of a table where it is one. */
export function happenedText(row: ExportRow, t: TFunction, format: Format): string {
  const standing = standingOf(row);
  const numbers = { count: row.problems, n: format.count(row.problems) };
  if (row.studies !== null)
    switch (standing) {
      case 'preparing':
      case 'writing':
      case 'verifying':
      case 'done':
      case 'problems':
        return t(`exports.happenedTable.${standing}`, numbers);
      default:
        break;
    }
  return t(`exports.happened.${standing}`, numbers);
}

/** What an act is called: a table is no ZIP. */
export function actWord(act: Act, row: ExportRow, t: TFunction): string {
  return t(act === 'trash' && row.studies !== null ? 'exports.acts.trashTable' : `exports.acts.${act}`);
}

/** What studies were filtered by: each field that narrows, with its values. Empty: all studies. */
export function filterLines(filter: StudyFilter): { field: string; values: string[] }[] {
  return Object.entries(filter).flatMap(([field, value]) => {
    // The zone narrows nothing by itself.
    if (field === 'time_zone') return [];
    const values = (Array.isArray(value) ? value : [value]).filter((each) => each !== null && each !== '');
    return values.length === 0 ? [] : [{ field, values: values.map(String) }];
  });
}

/** Why an export failed or was interrupted; nothing where that is not known. */
export function reasonOf(row: ExportRow, t: TFunction, format: Format): string | null {
  return row.error === null ? null : errorWords(row.error, t, format).message;
}

/** What can be done now: what helps against the error, else what fits how the export stands. */
export function todoText(row: ExportRow, t: TFunction, format: Format): string {
  const standing = standingOf(row);
  const hint = row.error === null ? '' : errorWords(row.error, t, format).hint;
  if (hint !== '') return hint;
  switch (standing) {
    case 'cancelling':
    case 'done':
    case 'problems':
    case 'missing':
    case 'altered':
    case 'failed':
    case 'cancelled':
    case 'interrupted':
      return t(`exports.todo.${standing}`);
    default:
      return t('exports.todo.cancel');
  }
}

export function problemsWord(row: ExportRow, t: TFunction, format: Format): string {
  return t('exports.problems.count', { count: row.problems, n: format.count(row.problems) });
}

function folderName(folder: FolderRef): string {
  return folder.path?.join(' / ') ?? folder.id ?? '';
}

/** A line of the summary of a selection. */
export interface SelectionLine {
  label: string;
  value: string;
  /** Names of patients, folders, tags: shown as text in its own direction. */
  names: string[];
}

/** At most this many names are written out; the rest is a number. */
const NAMES_SHOWN = 12;

/** What was selected, in words. Kept records leave out what was not said. */
export function selectionLines(selection: Selection, t: TFunction, format: Format): SelectionLine[] {
  const lines: SelectionLine[] = [];
  const add = (label: string, values: string[], all?: string) => {
    const more = values.length - NAMES_SHOWN;
    lines.push({
      label,
      names: values.slice(0, NAMES_SHOWN),
      value: all ?? (more > 0 ? t('exports.selection.more', { count: more, n: format.count(more) }) : ''),
    });
  };
  const { folder = [], folder_id: ids = [], patient = [], patients_from: list = [] } = selection;
  const { tag = [], tag_mode: mode, modality = [] } = selection;
  if (selection.all) add(t('exports.selection.patients'), [], t('exports.selection.all'));
  if (folder.length + ids.length > 0)
    add(t('exports.selection.folders'), [...folder.map(folderName), ...ids]);
  if (patient.length > 0)
    add(
      t('exports.selection.patientsN', { count: patient.length, n: format.count(patient.length) }),
      patient,
    );
  if (list.length > 0)
    add(t('exports.selection.listN', { count: list.length, n: format.count(list.length) }), list);
  if (tag.length > 0) add(t(`exports.selection.tags.${mode}`), tag);
  if (selection.all_modalities)
    add(t('exports.selection.modalities'), [], t('exports.selection.allModalities'));
  else if (modality.length > 0) add(t('exports.selection.modalities'), modality);
  add(t('exports.selection.kind'), [], t(`exports.selection.kinds.${selection.kind}`));
  return lines;
}
