import { ActionIcon, Button } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconCopy, IconX } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

import type { StudyLine } from '../../bindings/StudyLine';
import type { RowSource } from '../../components/VirtualTree/source';
import { cellOf } from './cells';
import { PARTS } from './fields';
import classes from './Inspector.module.css';

interface Props {
  source: RowSource<StudyLine>;
  row: number;
  onRow: (row: number | null) => void;
  onCopy: (row: number) => void;
  zone: string;
}

/** One study, whole. */
export function Inspector({ source, row, onRow, onCopy, zone }: Props) {
  const { t } = useTranslation();
  useSyncExternalStore(source.subscribe, source.version);
  const line = source.row(row);
  return (
    <aside className={classes.pane} aria-label={t('studies.inspector.title')} data-testid="inspector">
      <header className={classes.head}>
        <h2 className={`name selectable ${classes.title ?? ''}`} title={line?.exam_id}>
          {line?.exam_id ?? '…'}
        </h2>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          disabled={row === 0}
          aria-label={t('studies.inspector.previous')}
          onClick={() => onRow(row - 1)}
        >
          <IconChevronUp size={15} stroke={1.75} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          disabled={row >= source.total - 1}
          aria-label={t('studies.inspector.next')}
          onClick={() => onRow(row + 1)}
        >
          <IconChevronDown size={15} stroke={1.75} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={t('studies.inspector.close')}
          onClick={() => onRow(null)}
        >
          <IconX size={15} stroke={1.75} aria-hidden />
        </ActionIcon>
      </header>
      {line && (
        <div className={classes.parts}>
          {(['patient', 'examination', 'times'] as const).map((part) => (
            <section key={part}>
              <h3 className={classes.part}>
                {part === 'times' ? t('studies.inspector.times', { zone }) : t(`studies.inspector.${part}`)}
              </h3>
              <dl className={classes.fields}>
                {PARTS[part].map((field) => {
                  const text = cellOf(line, field);
                  return (
                    <div key={field} className={classes.field}>
                      <dt>{t(`studies.fields.${field}`)}</dt>
                      <dd className="selectable" data-none={text === '' || undefined}>
                        {text === '' ? t('studies.inspector.none') : <bdi>{text}</bdi>}
                      </dd>
                    </div>
                  );
                })}
              </dl>
            </section>
          ))}
          <Button
            variant="default"
            leftSection={<IconCopy size={14} stroke={1.75} aria-hidden />}
            onClick={() => onCopy(row)}
          >
            {t('studies.inspector.copy')}
          </Button>
        </div>
      )}
    </aside>
  );
}
