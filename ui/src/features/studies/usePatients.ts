import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useChange, useUndoOf } from '../../api/browse';
import { useFormat } from '../../app/FormatContext';
import { goTo } from '../../app/page';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { toast, toastError } from '../../components/toast';

/** What came of carrying patients over. */
export interface Carried {
  matched: number;
  unmatched: number;
}

/** The way from studies to a new export: their patients are selected there. */
export function usePatients(registry: OpenRegistry, settled: () => Promise<number>) {
  const { t } = useTranslation();
  const format = useFormat();
  const change = useChange();
  const undoOf = useUndoOf();
  const [carried, setCarried] = useState<(Carried & { registry: string }) | null>(null);
  const carry = useCallback(
    (add: boolean) =>
      void settled()
        .then((selected) =>
          change('studies_to_patients', { what: selected > 0 ? 'selected' : 'matching', add }),
        )
        .then(({ matched, unmatched_total: unmatched, without_number: without, state }) => {
          setCarried({ matched, unmatched, registry: registry.id });
          const detail = [
            ...(unmatched > 0
              ? [t('studies.patients.unmatched', { count: unmatched, n: format.count(unmatched) })]
              : []),
            ...(without > 0
              ? [t('studies.patients.withoutNumber', { count: without, n: format.count(without) })]
              : []),
          ].join(' ');
          if (matched === 0) {
            toast({
              id: 'studies-patients',
              message: t('studies.patients.nobody'),
              detail,
              tone: 'warn',
              stays: 15_000,
            });
            return;
          }
          goTo('new-export');
          toast({
            id: 'studies-patients',
            message: t('studies.patients.matched', { count: matched, n: format.count(matched) }),
            detail,
            tone: unmatched + without > 0 ? 'warn' : 'good',
            stays: 15_000,
            action: {
              label: t('common.undo'),
              onClick: () =>
                void undoOf(state)
                  .then((undone) => undone || toast({ message: t('common.undoLate'), tone: 'warn' }))
                  .catch(toastError),
            },
          });
        })
        .catch(toastError),
    [settled, change, undoOf, registry.id, t, format],
  );
  const dismiss = useCallback(() => setCarried(null), []);
  return { carry, carried: carried?.registry === registry.id ? carried : null, dismiss };
}
