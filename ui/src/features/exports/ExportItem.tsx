import { IconDots } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import { useNow } from '../../app/useNow';
import type { ExportRow } from '../../bindings/ExportRow';
import type { Format } from '../../format/format';
import { Bar } from './Bar';
import { actsOf, hasShare, isActive, shareOf, standingOf, toneOf, type Act } from './model';
import { StandingIcon } from './StandingIcon';
import type { Outcome, RowTask } from './useExportActs';
import { detailParts, stateWord } from './words';
import { OutcomeLine, TaskLine } from './WorkLine';
import classes from './ExportItem.module.css';
import standing from './standing.module.css';

export const ROW_HEIGHT = 60;

/** Where a menu opens. */
export interface MenuPlace {
  x: number;
  y: number;
}

interface Props {
  row: ExportRow;
  index: number;
  top: number;
  /** Tab goes here: one row at a time. */
  current: boolean;
  /** Its details are open. */
  opened: boolean;
  menuOpen: boolean;
  task: RowTask | undefined;
  outcome: Outcome | undefined;
  onAct: (act: Act, row: ExportRow) => void;
  onStop: (row: ExportRow) => void;
  onDismiss: (row: ExportRow) => void;
  onCurrent: (id: string) => void;
  onMenu: (row: ExportRow, place: MenuPlace) => void;
}

/** One export: state, name, how far or what it came to, what can be done. Plain elements, for there may be thousands. */
export const ExportItem = memo(function ExportItem(props: Props) {
  const { row, index, top, current, opened, menuOpen, task, outcome } = props;
  const { onAct, onStop, onDismiss, onCurrent, onMenu } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const state = standingOf(row);
  const share = shareOf(row.progress);
  const { buttons } = actsOf(row);
  const reach = current ? 0 : -1;
  const details = detailParts(row, t, format, now).join(' · ');

  return (
    <div
      role="row"
      tabIndex={reach}
      aria-rowindex={index + 1}
      aria-selected={opened}
      data-row={row.id}
      data-state={state}
      className={classes.row}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onCurrent(row.id)}
      onDoubleClick={(event) => {
        if (!(event.target as Element).closest('button')) onAct('details', row);
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(row, { x: event.clientX, y: event.clientY });
      }}
    >
      <div role="gridcell" className={classes.main}>
        <StandingIcon standing={state} />
        <div className={classes.body}>
          <div className={classes.line}>
            <button
              type="button"
              tabIndex={-1}
              className={`name ${classes.title ?? ''}`}
              title={row.notes === '' ? row.name : `${row.name}\n${row.notes}`}
              onClick={() => onAct('details', row)}
            >
              {row.name}
            </button>
            <span className={standing.word} data-tone={toneOf(state)}>
              {stateWord(row, t, format)}
            </span>
            {isActive(row) && (hasShare(state) || state === 'cancelling') && (
              <Bar
                share={share}
                tone={state === 'stalled' ? 'warn' : state === 'cancelling' ? 'calm' : 'busy'}
                label={t('exports.progress', { name: row.name })}
              />
            )}
          </div>
          {task ? (
            <TaskLine row={row} task={task} reachable={current} onStop={() => onStop(row)} />
          ) : outcome ? (
            <OutcomeLine
              row={row}
              outcome={outcome}
              reachable={current}
              onDetails={
                outcome.kind === 'error' || (outcome.kind === 'verified' && !outcome.result.ok)
                  ? () => onAct('details', row)
                  : undefined
              }
              onDismiss={() => onDismiss(row)}
            />
          ) : (
            <div className={`name ${classes.details ?? ''}`} title={titleOf(row, details, format)}>
              {details}
            </div>
          )}
        </div>
      </div>
      <div role="gridcell" className={classes.acts}>
        {buttons.map((act) => (
          <button
            key={act}
            type="button"
            tabIndex={reach}
            className={classes.button}
            disabled={task !== undefined && act !== 'details' && act !== 'show'}
            onClick={() => onAct(act, row)}
          >
            {t(`exports.acts.${act}`)}
          </button>
        ))}
        <button
          type="button"
          tabIndex={reach}
          className={classes.dots}
          aria-haspopup="menu"
          aria-expanded={menuOpen}
          aria-label={t('exports.more', { name: row.name })}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            onMenu(row, { x: box.right, y: box.bottom });
          }}
        >
          <IconDots size={16} stroke={1.75} aria-hidden />
        </button>
      </div>
    </div>
  );
});

function titleOf(row: ExportRow, details: string, format: Format): string {
  const time = row.completed_at ?? row.created_at;
  return isActive(row) ? details : `${details}\n${format.exactTime(time)}\n${time}`;
}
