import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useExports } from '../../api/exports';
import { goTo } from '../../app/page';
import { useFormat } from '../../app/FormatContext';
import type { ExportRow } from '../../bindings/ExportRow';
import { toast, toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { rememberTurns, turnsBetween, type Turn } from './model';
import { problemsWord, reasonOf, sizeParts } from './words';

const TONES = { done: 'good', problems: 'warn', failed: 'bad', interrupted: 'warn' } as const;

/**
 * Says what exports come to: a toast when the window has the focus (else the desktop notifies), and a sentence for screen
 * readers at the begin and the end, never in between. Returns that sentence.
 */
export function useTurns(): string {
  const host = useHost();
  const format = useFormat();
  const { t } = useTranslation();
  // The list as the frame asked for it: nothing as long as it is on its way.
  const rows = useExports().data?.exports;
  const known = useRef<ReadonlyMap<string, string> | null>(null);
  const [said, say] = useState('');

  useEffect(() => {
    if (!rows) return;
    const before = known.current;
    known.current = rememberTurns(before ?? new Map(), rows);
    if (!before) return;
    const turns = turnsBetween(before, rows);
    if (turns.length === 0) return;
    const show = (row: ExportRow) => void host.call('show_in_folder', { id: row.id }).catch(toastError);
    const raise = ({ row, kind }: Turn) => {
      if (kind === 'started' || kind === 'cancelled') return;
      const { id, name } = row;
      toast({
        // In place of “queued”, where that still stands.
        id: `export-${id}`,
        message: t(`exports.ended.${kind}`, { name }),
        detail:
          kind === 'done'
            ? sizeParts(row, t, format).join(' · ')
            : kind === 'problems'
              ? problemsWord(row, t, format)
              : (reasonOf(row, t, format) ?? ''),
        tone: TONES[kind],
        action:
          kind === 'done'
            ? { label: t('exports.acts.show'), onClick: () => show(row) }
            : { label: t('exports.view'), onClick: () => goTo('exports', id) },
        stays: kind === 'done' ? 8000 : 15_000,
      });
    };
    if (document.hasFocus()) turns.slice(0, 3).forEach(raise);
    say(turns.map(({ row, kind }) => t(`exports.ended.${kind}`, { name: row.name })).join(' '));
  }, [rows, host, format, t]);

  return said;
}
