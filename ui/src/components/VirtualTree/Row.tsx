import { memo, use } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { TreeItem } from '../../bindings/TreeItem';
import type { TreeRow } from '../../bindings/TreeRow';
import box from '../Check.module.css';
import { LabelsContext } from './labels';
import classes from './VirtualTree.module.css';

interface Props {
  id: string;
  index: number;
  row: TreeRow | undefined;
  active: boolean;
}

/** A row: plain elements, no handlers of its own; the tree hears for all of them. */
export const Row = memo(function Row({ id, index, row, active }: Props) {
  const { t } = useTranslation();
  if (!row)
    return (
      <div
        id={id}
        role="treeitem"
        aria-selected={false}
        aria-busy
        aria-label={t('common.loading')}
        className={classes.row}
        data-index={index}
        data-active={active || undefined}
      >
        <span className={classes.ghost} />
      </div>
    );
  const folder = row.item.type === 'folder';
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.set_size}
      aria-checked={row.check === 'some' ? 'mixed' : row.check === 'all'}
      aria-selected={active}
      aria-expanded={row.item.type === 'folder' ? row.item.expanded : undefined}
      className={classes.row}
      style={{ paddingLeft: Math.min(row.level - 1, 12) * 16 }}
      data-index={index}
      data-kind={row.item.type}
      data-active={active || undefined}
    >
      <span className={classes.twisty} data-part={folder ? 'twisty' : undefined}>
        {row.item.type === 'folder' && (
          <span className={classes.chevron} data-open={row.item.expanded || undefined} />
        )}
      </span>
      <span className={classes.check} data-part="box">
        <span className={box.box} data-check={row.check} />
      </span>
      {row.item.type === 'folder' ? <FolderCells item={row.item} /> : <PatientCells item={row.item} />}
    </div>
  );
});

function FolderCells({ item }: { item: Extract<TreeItem, { type: 'folder' }> }) {
  const format = useFormat();
  return (
    <>
      <span className={`name ${classes.folder ?? ''}`} title={item.name}>
        {item.name}
      </span>
      <span className={classes.count} data-some={item.selected > 0 || undefined}>
        {item.selected > 0 && <b>{format.count(item.selected)}</b>}
        {item.selected > 0 && '/'}
        {format.count(item.patients)}
      </span>
      <span className={classes.bytes} title={format.exactBytes(item.bytes)}>
        {format.bytes(item.bytes)}
      </span>
    </>
  );
}

function PatientCells({ item }: { item: Extract<TreeItem, { type: 'patient' }> }) {
  const { t } = useTranslation();
  const labels = use(LabelsContext);
  const format = useFormat();
  return (
    <>
      <span className={classes.patient} data-forbidden={!item.may_export || undefined}>
        <span
          className="name"
          title={item.name === '' ? item.patient_id : `${item.patient_id}\n${item.name}`}
        >
          {item.patient_id}
        </span>
        {item.name !== '' && <span className={`name ${classes.person ?? ''}`}>{item.name}</span>}
        {!item.may_export && <span className={classes.lock}>{t('newExport.tree.mayNotExport')}</span>}
      </span>
      <span className={`name ${classes.modalities ?? ''}`} title={item.modalities.join('\n')}>
        {item.modalities.map((slug) => labels.get(slug) ?? slug).join(' · ')}
      </span>
      <span className={classes.bytes} title={format.exactBytes(item.bytes)}>
        {format.bytes(item.bytes)}
      </span>
    </>
  );
}
