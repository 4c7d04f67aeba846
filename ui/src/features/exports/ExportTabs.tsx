import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import { TABS, type Tab } from './model';
import classes from './ExportsPage.module.css';

/** Some of Sheaf's exports, or those that the application of the open database has made itself. */
export type View = Tab | 'source';

interface Props {
  view: View;
  counts: Record<Tab, number>;
  /** Exports of the source's own history. */
  ofSource: number;
  onView: (view: View) => void;
}

/** What the list shows, with how many there are of each. */
export function ExportTabs({ view, counts, ofSource, onView }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const tab = (one: View, label: string, count: number) => (
    <button
      key={one}
      type="button"
      className={classes.tab}
      aria-pressed={view === one}
      data-none={count === 0 || undefined}
      data-apart={one === 'source' || undefined}
      onClick={() => onView(one)}
    >
      {label} <span className={classes.count}>{format.count(count)}</span>
    </button>
  );
  // Of nothing there are no kinds.
  const shown: readonly Tab[] = counts.all === 0 ? ['all'] : TABS;
  return (
    <div className={classes.tabs} role="group" aria-label={t('exports.tabsLabel')}>
      {shown
        .filter((one) => one !== 'cancelled' || counts.cancelled > 0 || view === one)
        .map((one) => tab(one, t(`exports.tabs.${one}`), counts[one]))}
      {ofSource > 0 && tab('source', t('exports.source.tab'), ofSource)}
    </div>
  );
}
