import { Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { StudyFilter } from '../../bindings/StudyFilter';
import type { Format } from '../../format/format';
import { AgeMenu, DateMenu, NumbersMenu, ValueMenu, type ChangeFilter } from './FilterMenus';
import { chipsOf, narrows, noFilter, without, type Chip } from './filter';
import classes from './Filter.module.css';

const MENUS = ['exam_status', 'exam_source', 'exam_description', 'exam_equipment', 'exam_room'] as const;

interface Props {
  filter: StudyFilter;
  change: ChangeFilter;
  /** In which time zone days begin. */
  zone: string;
}

/** What narrows the studies, and what could. */
export function FilterBar({ filter, change, zone }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={classes.bar} role="group" aria-label={t('studies.filter.label')}>
      {MENUS.map((field) => (
        <ValueMenu key={field} field={field} filter={filter} change={change} />
      ))}
      <DateMenu filter={filter} change={change} zone={zone} />
      <ValueMenu field="patient_gender" filter={filter} change={change} />
      <AgeMenu filter={filter} change={change} />
      <ValueMenu field="exam_item" filter={filter} change={change} />
      <NumbersMenu filter={filter} change={change} />
      {chipsOf(filter).map((chip) => {
        const name = chipText(chip, t, format);
        return (
          <span key={`${chip.part}/${'value' in chip ? chip.value : ''}`} className={classes.chip}>
            <span className="name" title={name}>
              {name}
            </span>
            <button
              type="button"
              className={classes.remove}
              aria-label={t('studies.filter.remove', { name })}
              onClick={() => change((before) => without(before, chip))}
            >
              <IconX size={12} stroke={2} aria-hidden />
            </button>
          </span>
        );
      })}
      {narrows(filter) && (
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => change(noFilter)}>
          {t('studies.filter.clear')}
        </Button>
      )}
    </div>
  );
}

/** What a chip says. */
function chipText(chip: Chip, t: TFunction, format: Format): string {
  switch (chip.part) {
    case 'age':
      if (chip.min === null) return t('studies.chip.ageTo', { max: chip.max ?? 0 });
      if (chip.max === null) return t('studies.chip.ageFrom', { min: chip.min });
      return t('studies.chip.age', { min: chip.min, max: chip.max });
    case 'date':
      if (chip.start === null) return t('studies.chip.dateTo', { end: chip.end ?? '' });
      if (chip.end === null) return t('studies.chip.dateFrom', { start: chip.start });
      return t('studies.chip.date', { start: chip.start, end: chip.end });
    case 'exam_ids':
      return t('studies.chip.ids', { count: chip.count, n: format.count(chip.count) });
    default:
      return t('studies.chip.value', {
        name: t(`studies.fields.${chip.part}`),
        value: chip.value === '' ? t('studies.filter.empty') : chip.value,
      });
  }
}
