import { describe, expect, it } from 'vitest';

import { mergeRows } from '../../api/events';
import {
  activeJob,
  actsOf,
  countTabs,
  filterRows,
  offers,
  rememberTurns,
  shareOf,
  sortRows,
  standingOf,
  tabOf,
  turnsBetween,
  type Standing,
} from './model';
import { progress, row, running } from './testing';

/** One row of every standing. */
const OF: Record<Standing, ReturnType<typeof row>> = {
  queued: running({ status: 'pending', progress: null }),
  preparing: running({ progress: progress({ phase: 'preparing' }) }),
  writing: running(),
  verifying: running({ progress: progress({ phase: 'verifying' }) }),
  publishing: running({ progress: progress({ phase: 'publishing' }) }),
  running: running({ progress: null }),
  stalled: running({ progress: progress({ stalled: true }) }),
  cancelling: running({ cancelling: true, progress: progress({ stalled: true }) }),
  done: row(),
  problems: row({ status: 'completed_with_problems', problems: 3 }),
  missing: row({ archive_state: 'missing' }),
  altered: row({ status: 'completed_with_problems', archive_state: 'altered' }),
  failed: row({ status: 'failed', archive_state: null, path: null }),
  cancelled: row({ status: 'cancelled', archive_state: null, path: null }),
  interrupted: row({ status: 'interrupted', archive_state: null, path: null }),
};
const ALL = Object.entries(OF) as [Standing, ReturnType<typeof row>][];

describe('standing', () => {
  it.each(ALL)('%s', (standing, of) => {
    expect(standingOf(of)).toBe(standing);
  });

  it('of a phase that this page does not know is simply running', () => {
    expect(standingOf(running({ progress: progress({ phase: 'polishing' }) }))).toBe('running');
  });

  it('keeps what the export came to when its archive is gone', () => {
    expect(tabOf(OF.missing)).toBe('done');
    expect(tabOf(OF.altered)).toBe('problems');
  });
});

describe('acts', () => {
  it('stop only what runs, and remove only what does not', () => {
    for (const [standing, of] of ALL) {
      const active = tabOf(of) === 'active';
      expect(offers(of, 'cancel'), standing).toBe(active && standing !== 'cancelling');
      expect(offers(of, 'remove'), standing).toBe(!active);
      expect(offers(of, 'details'), standing).toBe(true);
    }
  });

  it('hand out and trash only an archive that is whole', () => {
    for (const [standing, of] of ALL) {
      const whole = standing === 'done' || standing === 'problems';
      expect(offers(of, 'saveCopy'), standing).toBe(whole);
      expect(offers(of, 'trash'), standing).toBe(whole);
    }
  });

  it('lead on from every end that is no archive', () => {
    expect(actsOf(OF.missing).buttons).toEqual(['locate', 'recreate']);
    expect(actsOf(OF.failed).buttons[0]).toBe('retry');
    const error = { code: 'SOURCE_MISSING', message: 'm', hint: '', details: [] };
    expect(offers({ ...OF.failed, error }, 'leaveOut')).toBe(true);
    expect(offers({ ...OF.failed, error: { ...error, code: 'NO_SPACE' } }, 'leaveOut')).toBe(false);
    expect(offers({ ...OF.failed, error, studies: 5 }, 'leaveOut')).toBe(false);
    expect(actsOf(OF.interrupted).buttons[0]).toBe('restart');
    expect(actsOf(OF.cancelled).buttons[0]).toBe('restart');
    expect(offers(OF.altered, 'recreate')).toBe(true);
  });
});

describe('the list', () => {
  const rows = [
    row({
      id: '1',
      name: 'Città_2',
      notes: 'for Anna',
      created_at: '2025-01-01T00:00:00Z',
      archive_bytes: 5,
    }),
    row({
      id: '2',
      name: 'beta_10',
      project: 'implants',
      created_at: '2025-01-03T00:00:00Z',
      archive_bytes: 7,
    }),
    running({ id: '3', name: 'beta_9', created_at: '2025-01-02T00:00:00Z', bytes: 6 }),
    row({
      id: '4',
      name: 'x',
      status: 'failed',
      created_at: '2025-01-03T00:00:00Z',
      archive_bytes: null,
      bytes: 1,
    }),
  ];
  const ids = (of: { id: string }[]) => of.map((one) => one.id).join('');

  it('counts each row once, besides All', () => {
    const { all, ...tabs } = countTabs(rows);
    expect(all).toBe(4);
    expect(Object.values(tabs).reduce((sum, count) => sum + count)).toBe(4);
    expect(tabs).toMatchObject({ active: 1, done: 2, failed: 1, problems: 0 });
  });

  it('finds words in name, notes and project, without accents and case', () => {
    expect(ids(filterRows(rows, 'all', 'citta'))).toBe('1');
    expect(ids(filterRows(rows, 'all', '  ANNA 2 '))).toBe('1');
    expect(ids(filterRows(rows, 'all', 'implants'))).toBe('2');
    expect(ids(filterRows(rows, 'active', ''))).toBe('3');
    expect(ids(filterRows(rows, 'done', 'beta'))).toBe('2');
    expect(ids(filterRows(rows, 'all', 'nobody'))).toBe('');
  });

  it('sorts, and equals keep a fixed place', () => {
    expect(ids(sortRows(rows, 'newest'))).toBe('2431');
    expect(ids(sortRows(rows, 'oldest'))).toBe('1342');
    expect(ids(sortRows(rows, 'name', 'en'))).toBe('3214');
    expect(ids(sortRows(rows, 'size'))).toBe('2314');
    expect(ids(rows)).toBe('1234');
  });
});

describe('progress', () => {
  it('goes by bytes, else by files, and never beyond the whole', () => {
    expect(shareOf(progress({ bytes_done: 1, bytes_total: 4 }))).toBe(0.25);
    expect(shareOf(progress({ bytes_total: 0, files_done: 1, files_total: 2 }))).toBe(0.5);
    expect(shareOf(progress({ bytes_done: 9, bytes_total: 4 }))).toBe(1);
    expect(shareOf(progress({ bytes_total: 0, files_total: 0 }))).toBeNull();
    expect(shareOf(null)).toBeNull();
  });

  it('of the status bar is that of the job that began first; the others are counted', () => {
    const second = running({ id: '2', created_at: '2025-01-02T00:00:00Z' });
    const first = running({ id: '1', created_at: '2025-01-01T00:00:00Z' });
    const queued = running({
      id: '0',
      status: 'pending',
      created_at: '2024-01-01T00:00:00Z',
      progress: null,
    });
    expect(activeJob([second, first, queued, row()])).toEqual({ shown: first, running: 1, queued: 1 });
    expect(activeJob([queued])).toEqual({ shown: queued, running: 0, queued: 0 });
    expect(activeJob([row()]).shown).toBeUndefined();
  });
});

describe('turns', () => {
  const seen = (...rows: ReturnType<typeof row>[]) => rememberTurns(new Map(), rows);

  it('are told once, when an export begins and ends', () => {
    const pending = running({ status: 'pending', progress: null });
    expect(turnsBetween(seen(pending), [running()]).map((turn) => turn.kind)).toEqual(['started']);
    expect(turnsBetween(seen(running()), [running({ progress: progress({ bytes_done: 1 }) })])).toEqual([]);
    expect(turnsBetween(seen(running()), [OF.problems]).map((turn) => turn.kind)).toEqual(['problems']);
    expect(turnsBetween(seen(OF.failed), [OF.failed])).toEqual([]);
  });

  it('are told of an export that ended before it was ever seen, and of each attempt', () => {
    expect(turnsBetween(new Map(), [row()]).map((turn) => turn.kind)).toEqual(['done']);
    const again = row({ status: 'failed', attempt: 2 });
    expect(turnsBetween(seen(OF.failed), [again]).map((turn) => turn.kind)).toEqual(['failed']);
  });

  it('are not told when a removed export comes back, or its archive goes', () => {
    const known = rememberTurns(seen(row()), []);
    expect(turnsBetween(known, [row()])).toEqual([]);
    expect(turnsBetween(known, [OF.missing])).toEqual([]);
  });
});

describe('merging', () => {
  it('takes the later of an answer and an event, whichever comes last', () => {
    const ended = row({ status: 'cancelled' });
    const answer = running({ cancelling: true });
    expect(mergeRows([ended], [answer], [])).toEqual([ended]);
    expect(mergeRows([answer], [ended], [])[0]?.status).toBe('cancelled');
  });

  it('lets a new attempt begin', () => {
    const ended = row({ status: 'interrupted' });
    const again = running({ attempt: 2 });
    expect(mergeRows([ended], [again], [])[0]?.status).toBe('processing');
    expect(mergeRows([again], [ended], [])[0]?.status).toBe('processing');
  });

  it('keeps what is known of the progress while it runs, and forgets it at the end', () => {
    expect(
      mergeRows([running()], [running({ progress: null, cancelling: true })], [])[0]?.progress,
    ).not.toBeNull();
    expect(mergeRows([running()], [row()], [])[0]?.progress).toBeNull();
  });

  it('adds what is new and takes away what is gone', () => {
    const merged = mergeRows([row({ id: '1' }), row({ id: '2' })], [row({ id: '3' })], ['1']);
    expect(merged.map((one) => one.id).sort()).toEqual(['2', '3']);
  });
});
