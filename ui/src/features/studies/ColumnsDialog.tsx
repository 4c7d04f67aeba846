import { ActionIcon, Button, Group, Modal, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconTrash } from '@tabler/icons-react';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import type { StudyColumnSet } from '../../bindings/StudyColumnSet';
import type { ErrorReport } from '../../bindings/ErrorReport';
import { Check } from '../../components/Check';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { movedTo, sameFields, toggledColumn, type Columns } from './columns';
import { asFields, FIELDS, LIST, type Field } from './fields';
import classes from './ColumnsDialog.module.css';

interface Props {
  opened: boolean;
  onClose: () => void;
  columns: Columns;
  onColumns: (columns: Columns) => void;
  sets: readonly StudyColumnSet[];
  onSave: (name: string, fields: readonly Field[]) => Promise<unknown>;
  onDelete: (name: string) => Promise<unknown>;
}

/** Which columns stand in the table, and in which order; sets of them under a name. */
export function ColumnsDialog({ opened, onClose, ...rest }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('studies.columns.title')}
      size={520}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Content {...rest} />
      <Group gap={8} justify="flex-end" mt={12}>
        <Button onClick={onClose}>{t('studies.columns.done')}</Button>
      </Group>
    </Modal>
  );
}

function Content({ columns, onColumns, sets, onSave, onDelete }: Omit<Props, 'opened' | 'onClose'>) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const hidden = FIELDS.filter((field) => !columns.fields.includes(field));
  const use = (fields: readonly Field[]) => onColumns({ ...columns, fields });
  const attempt = async (what: () => Promise<unknown>) => {
    setProblem(null);
    try {
      await what();
      return true;
    } catch (error) {
      setProblem(reportOf(error));
      return false;
    }
  };
  const save = async () => {
    const said = name.trim();
    if (said !== '' && (await attempt(() => onSave(said, columns.fields)))) setName('');
  };
  const move = (event: KeyboardEvent, field: Field) => {
    const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (by === 0 || !event.altKey) return;
    event.preventDefault();
    onColumns(movedTo(columns, field, columns.fields.indexOf(field) + by));
  };
  const preset = (label: string, fields: readonly Field[]) => (
    <Button
      variant="default"
      size="compact-sm"
      aria-pressed={sameFields(columns.fields, fields)}
      className={classes.preset}
      onClick={() => use(fields)}
    >
      {label}
    </Button>
  );

  return (
    <div className={classes.stack}>
      <div className={classes.presets} role="group" aria-label={t('studies.columns.sets')}>
        {preset(t('studies.columns.list', { n: LIST.length }), LIST)}
        {preset(t('studies.columns.full', { n: FIELDS.length }), FIELDS)}
        {sets.map((set) => (
          <span key={set.name} className={classes.set}>
            {preset(set.name, asFields(set.columns))}
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={t('studies.columns.delete', { name: set.name })}
              onClick={() => void attempt(() => onDelete(set.name))}
            >
              <IconTrash size={14} stroke={1.75} aria-hidden />
            </ActionIcon>
          </span>
        ))}
      </div>
      <p className={classes.hint}>{t('studies.columns.about')}</p>
      {problem && <ErrorNotice report={problem} />}
      <ul className={classes.fields} aria-label={t('studies.columns.title')}>
        {columns.fields.map((field, at) => {
          const label = t(`studies.fields.${field}`);
          return (
            // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys of the box and buttons inside
            <li key={field} className={classes.field} onKeyDown={(event) => move(event, field)}>
              <Check
                checked
                className={classes.check}
                disabled={columns.fields.length === 1}
                onChange={() => onColumns(toggledColumn(columns, field))}
              >
                {label}
              </Check>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                disabled={at === 0}
                aria-label={t('studies.columns.up', { name: label })}
                onClick={() => onColumns(movedTo(columns, field, at - 1))}
              >
                <IconArrowUp size={14} stroke={1.75} aria-hidden />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                disabled={at === columns.fields.length - 1}
                aria-label={t('studies.columns.down', { name: label })}
                onClick={() => onColumns(movedTo(columns, field, at + 1))}
              >
                <IconArrowDown size={14} stroke={1.75} aria-hidden />
              </ActionIcon>
            </li>
          );
        })}
        {hidden.map((field) => (
          <li key={field} className={classes.field} data-hidden>
            <Check
              checked={false}
              className={classes.check}
              onChange={() => onColumns(toggledColumn(columns, field))}
            >
              {t(`studies.fields.${field}`)}
            </Check>
          </li>
        ))}
      </ul>
      <form
        className={classes.save}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextInput
          size="xs"
          className={classes.name}
          label={t('studies.columns.saveAs')}
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" size="xs" disabled={name.trim() === ''}>
          {t('studies.columns.save')}
        </Button>
      </form>
    </div>
  );
}
