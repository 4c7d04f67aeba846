import { Modal, SegmentedControl } from '@mantine/core';
import { use, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { BrowseState } from '../../bindings/BrowseState';
import type { CompletenessColumn } from '../../bindings/CompletenessColumn';
import type { CompletenessLine } from '../../bindings/CompletenessLine';
import type { CompletenessScope } from '../../bindings/CompletenessScope';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { ScrollBox } from '../../components/ScrollBox';
import { useLines } from '../../components/useLines';
import { LabelsContext } from '../../components/VirtualTree/labels';
import { RowSource } from '../../components/VirtualTree/source';
import { useHost } from '../../host/context';
import classes from './Dialogs.module.css';

const LINE = 28;

interface Props {
  state: BrowseState;
  opened: boolean;
  onClose: () => void;
}

/** Patient by modality: who has what. */
export function CompletenessDialog({ state, opened, onClose }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [scope, setScope] = useState<CompletenessScope | null>(null);
  const { matching, selected } = state.counts;
  const shown = scope ?? (selected > 0 ? 'selected' : 'matching');
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={960}
      title={t('newExport.completeness.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div className={classes.body}>
        <SegmentedControl
          aria-label={t('newExport.completeness.scope')}
          style={{ alignSelf: 'flex-start' }}
          value={shown}
          onChange={(value) => setScope(value)}
          data={[
            { value: 'selected', label: t('newExport.completeness.selected', { n: format.count(selected) }) },
            { value: 'matching', label: t('newExport.completeness.matching', { n: format.count(matching) }) },
          ]}
        />
        <Table key={shown} state={state} scope={shown} />
      </div>
    </Modal>
  );
}

function Table({ state, scope }: { state: BrowseState; scope: CompletenessScope }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const labels = use(LabelsContext);
  const [columns, setColumns] = useState<CompletenessColumn[]>([]);
  const total = scope === 'selected' ? state.counts.selected : state.counts.matching;
  const [source] = useState(
    () =>
      new RowSource<CompletenessLine>(async (offset, limit) => {
        const page = await host.call('completeness', { scope, offset, limit });
        setColumns(page.modalities);
        return page;
      }),
  );
  useSyncExternalStore(source.subscribe, source.version);
  useEffect(() => source.expect(state.revision, total), [source, state.revision, total]);
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useLines(box, source.total, LINE);
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => source.show(first, last), [source, first, last]);
  const grid = { gridTemplateColumns: `minmax(160px, 2fr) repeat(${columns.length}, minmax(88px, 1fr))` };

  if (source.error !== null)
    return (
      <ErrorNotice
        report={reportOf(source.error)}
        action={{ label: t('common.retry'), onClick: () => source.retry() }}
      />
    );
  if (total === 0) return <p className={classes.about}>{t('newExport.completeness.empty')}</p>;
  return (
    <ScrollBox ref={box} className={classes.scroll} label={t('newExport.completeness.caption')}>
      <div role="table" aria-label={t('newExport.completeness.caption')} aria-rowcount={source.total + 1}>
        <div role="rowgroup">
          <div role="row" aria-rowindex={1} className={classes.tableHead} style={grid}>
            <span role="columnheader">{t('newExport.completeness.patient')}</span>
            {columns.map((column) => (
              <span
                key={column.modality}
                role="columnheader"
                className={`name ${classes.cell ?? ''}`}
                title={column.slug}
              >
                {labels.get(column.slug) ?? column.slug}
                <span className={classes.sub}>
                  {t('newExport.completeness.any', {
                    n: format.count(column.patients),
                    of: format.count(source.total),
                  })}
                </span>
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          <div
            role="presentation"
            style={{ position: 'absolute', insetInline: 0, transform: `translateY(${first * LINE}px)` }}
          >
            {items.map(({ index }) => {
              const line = source.row(index);
              return (
                <div
                  key={index}
                  role="row"
                  aria-rowindex={index + 2}
                  className={classes.tableRow}
                  style={grid}
                >
                  <span role="rowheader" className="name" title={line?.patient_id}>
                    {line?.patient_id ?? '…'}
                  </span>
                  {columns.map((column, at) => {
                    const files = line?.files[at] ?? 0;
                    return (
                      <span
                        key={column.modality}
                        role="cell"
                        className={classes.cell}
                        data-none={files === 0 || undefined}
                      >
                        {line === undefined ? (
                          ''
                        ) : files === 0 ? (
                          <span title={t('newExport.completeness.hasNone')}>–</span>
                        ) : (
                          <>
                            <span className={classes.tick} aria-hidden>
                              ✓
                            </span>{' '}
                            {format.count(files)}
                          </>
                        )}
                      </span>
                    );
                  })}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </ScrollBox>
  );
}
