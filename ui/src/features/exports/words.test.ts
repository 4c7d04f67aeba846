import type { TFunction } from 'i18next';
import { describe, expect, it } from 'vitest';

import { makeFormat } from '../../format/format';
import { makeI18n } from '../../i18n';
import { progress, record, row, running } from './testing';
import {
  actWord,
  detailParts,
  filterLines,
  happenedText,
  paceParts,
  progressParts,
  selectionLines,
  sizeParts,
  stateWord,
  todoText,
} from './words';

const format = makeFormat('en');
const t = makeI18n('en').t as TFunction;
const now = Date.parse('2025-03-03T12:00:00Z');

describe('the state in words', () => {
  it('carries the share where it says something', () => {
    expect(stateWord(running(), t, format)).toBe('Writing 61%');
    expect(stateWord(running({ progress: progress({ phase: 'verifying', bytes_done: 0 }) }), t, format)).toBe(
      'Verifying 0%',
    );
    expect(stateWord(running({ progress: progress({ phase: 'preparing' }) }), t, format)).toBe('Preparing');
    expect(stateWord(running({ cancelling: true }), t, format)).toBe('Cancelling…');
  });

  it('says 100 % only when all is done', () => {
    const nearly = progress({ bytes_done: 999_999, bytes_total: 1_000_000 });
    expect(stateWord(running({ progress: nearly }), t, format)).toBe('Writing 99%');
  });

  it('is never plain Done with problems', () => {
    expect(stateWord(row({ status: 'completed_with_problems' }), t, format)).toBe('Done with problems');
  });

  it('speaks Italian too', () => {
    const italian = makeI18n('it').t as TFunction;
    expect(stateWord(row({ status: 'interrupted' }), italian, makeFormat('it'))).toBe('Interrotta');
  });
});

describe('the second line', () => {
  it('of a running export: done of all, rate, time left', () => {
    expect(progressParts(running(), t, format)).toEqual([
      '298 GB of 482 GB',
      '11,304 of 18,204 files',
      '118 MB/s',
      'about 4 min left',
    ]);
  });

  it('leaves out what is not known yet', () => {
    const early = running({ progress: progress({ bytes_per_second: null, seconds_left: null }) });
    expect(paceParts(early, t, format)).toEqual([]);
    expect(progressParts(early, t, format)).toHaveLength(2);
  });

  it('has no rate and no time for what stands still or is being stopped', () => {
    expect(paceParts(running({ progress: progress({ stalled: true }) }), t, format)).toEqual([]);
    expect(paceParts(running({ cancelling: true }), t, format)).toEqual([]);
  });

  it('of a queued export says how much it will be', () => {
    const queued = running({ status: 'pending', progress: null });
    expect(detailParts(queued, t, format, now)).toEqual(['61 GB', '210 patients', '18,204 files']);
  });

  it('of a failed export says why', () => {
    const failed = row({
      status: 'failed',
      attempt: 2,
      error: { code: 'NO_SPACE', message: 'The disk is full.', hint: '', details: [] },
    });
    const parts = detailParts(failed, t, format, now);
    expect(parts[0]).toBe('The disk is full.');
    expect(parts.at(-1)).toBe('attempt 2');
  });

  it('of an export with problems begins with their number', () => {
    expect(detailParts(row({ status: 'completed_with_problems', problems: 1 }), t, format, now)[0]).toBe(
      '1 problem',
    );
  });
});

describe('what can be done', () => {
  const failed = (hint: string) =>
    row({
      status: 'failed',
      archive_state: null,
      error: { code: 'SOURCE_MISSING', message: 'm', hint, details: [] },
    });

  it('is the hint of the error, but never an option of the command line', () => {
    expect(todoText(failed('Connect the disk.'), t, format)).toBe('Connect the disk.');
    expect(todoText(failed('Leave them out with `--on-missing skip`.'), t, format)).toMatch(
      /^Bring the files back/,
    );
    expect(todoText(failed(''), t, format)).toBe('Retry when the cause is gone.');
    expect(todoText(running(), t, format)).toMatch(/go on working/);
  });
});

describe('a selection in words', () => {
  it('names what was said, and cuts long lists with the number of the rest', () => {
    const { selection } = record(row());
    const lines = selectionLines(
      { ...selection, patient: Array.from({ length: 15 }, (_, index) => `p${index}`) },
      t,
      format,
    );
    expect(lines.map((line) => line.label)).toEqual([
      'Folders',
      '15 patients',
      'With any tag of',
      'Modalities',
      'Files',
    ]);
    expect(lines[0]?.names).toEqual(['Clinic A / 2024']);
    expect(lines[1]?.names).toHaveLength(12);
    expect(lines[1]?.value).toBe('and 3 more');
    expect(lines[4]?.value).toBe('Raw and processed');
  });

  it('understands a record that leaves out what was not said', () => {
    expect(
      selectionLines({ patient: ['7'], tag_mode: 'any', kind: 'processed' }, t, format).map(
        (line) => line.label,
      ),
    ).toEqual(['1 patient', 'Files']);
  });

  it('says everything only where everything was said', () => {
    const { selection } = record(row());
    const all = {
      ...selection,
      all: true,
      folder: [],
      tag: [],
      all_modalities: true,
      kind: 'processed' as const,
    };
    expect(selectionLines(all, t, format).map((line) => line.value)).toEqual([
      'All patients',
      'All modalities',
      'Processed',
    ]);
  });
});

describe('a table of studies', () => {
  const table = row({ studies: 12480, patients: 0, files: 1, bytes: 0, archive_bytes: 2_100_000 });

  it('counts studies, never patients or files', () => {
    expect(sizeParts(table, t, format)).toEqual(['2.1 MB', '12,480 studies']);
    const writing = running({
      studies: 12480,
      patients: 0,
      files: 1,
      progress: progress({ files_done: 4096, files_total: 12480, bytes_total: 0, bytes_per_second: null }),
    });
    expect(progressParts(writing, t, format)[0]).toBe('4,096 of 12,480 studies');
  });

  it('is called a table in what happened and what can be done', () => {
    expect(happenedText(table, t, format)).toMatch(/Every study/);
    expect(happenedText({ ...table, status: 'completed_with_problems', problems: 2 }, t, format)).toMatch(
      /2 cells/,
    );
    expect(actWord('trash', table, t)).toBe('Move table to trash');
    expect(actWord('trash', row(), t)).toBe('Move ZIP to trash');
  });

  it('tells by what it was filtered, and only that', () => {
    const filter = {
      q: '',
      exam_equipment: ['CT', 'MR'],
      patient_gender: [],
      exam_description: [],
      exam_room: [],
      patient_age_min: 40,
      patient_age_max: 60,
      exam_ids: null,
      time_zone: 'Europe/Rome',
    };
    expect(filterLines(filter)).toEqual([
      { field: 'exam_equipment', values: ['CT', 'MR'] },
      { field: 'patient_age_min', values: ['40'] },
      { field: 'patient_age_max', values: ['60'] },
    ]);
  });
});
