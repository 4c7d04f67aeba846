import { Autocomplete, Button, Popover, Radio, Textarea, TextInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { StudyFilter } from '../../bindings/StudyFilter';
import { Check } from '../../components/Check';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { useHost } from '../../host/context';
import { keys } from '../../api/keys';
import {
  ageIn,
  chosen,
  idsIn,
  isExact,
  withAge,
  withDates,
  withIds,
  withOrderNo,
  withoutField,
  withValue,
  withZone,
  type Exact,
  type Several,
} from './filter';
import classes from './Filter.module.css';

export type ChangeFilter = (patch: (before: StudyFilter) => StudyFilter) => void;

interface MenuProps {
  label: string;
  width?: number;
  children: (close: () => void) => ReactNode;
}

/** A button with something to choose below it. */
function Menu({ label, width = 300, children }: MenuProps) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus shadow="sm">
      <Popover.Target>
        <Button
          variant="default"
          size="compact-xs"
          aria-haspopup="dialog"
          aria-expanded={opened}
          rightSection={<IconChevronDown size={12} stroke={2} aria-hidden />}
          onClick={() => setOpened((before) => !before)}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8} w={width} aria-label={label}>
        {children(() => setOpened(false))}
      </Popover.Dropdown>
    </Popover>
  );
}

interface FieldProps {
  filter: StudyFilter;
  change: ChangeFilter;
}

/** The values of a field, with how many studies have each beside what else narrows. */
export function ValueMenu({ field, filter, change }: FieldProps & { field: Exact | Several }) {
  const { t } = useTranslation();
  const label = t(`studies.fields.${field}`);
  return (
    <Menu label={label}>{() => <Values field={field} label={label} filter={filter} change={change} />}</Menu>
  );
}

function Values({ field, label, filter, change }: FieldProps & { field: Exact | Several; label: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const [text, setText] = useState('');
  const others = withoutField(filter, field);
  const wanted = text.trim();
  const values = useQuery({
    queryKey: keys.studyValues(field, others, wanted),
    queryFn: () => host.call('studies_values', { field, filter: others, contains: wanted }),
    placeholderData: (before) => before,
  });
  const on = chosen(filter, field);
  // What is chosen stands there also where nothing else has it.
  const known = values.data?.values ?? [];
  const all = [
    ...on
      .filter((value) => !known.some((each) => each.value === value))
      .filter((value) => value.toLocaleLowerCase().includes(wanted.toLocaleLowerCase()))
      .map((value) => ({ value, count: 0 })),
    ...known,
  ];
  const more = (values.data?.total ?? 0) - known.length;
  const name = (value: string) => (value === '' ? t('studies.filter.empty') : value);
  const line = (value: string, count: number) => (
    <>
      <span
        className={`name ${classes.optionName ?? ''}`}
        data-empty={value === '' || undefined}
        title={name(value)}
      >
        {name(value)}
      </span>
      <span className={classes.count} data-zero={count === 0 || undefined}>
        {format.count(count)}
      </span>
    </>
  );
  return (
    <>
      <TextInput
        size="xs"
        data-autofocus
        aria-label={t('studies.filter.find', { name: label })}
        placeholder={t('studies.filter.findPlaceholder')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {values.isError && <ErrorNotice report={reportOf(values.error)} />}
      <div className={classes.options} role="group" aria-label={label}>
        {isExact(field) ? (
          <Radio.Group
            value={on[0] ?? null}
            aria-label={label}
            onChange={(value) => change((before) => withValue(before, field, value, true))}
          >
            {all.map(({ value, count }) => (
              <Radio
                key={value}
                size="xs"
                value={value}
                className={classes.radio}
                label={<span className={classes.radioLabel}>{line(value, count)}</span>}
              />
            ))}
          </Radio.Group>
        ) : (
          all.map(({ value, count }) => (
            <Check
              key={value}
              className={classes.option}
              checked={on.includes(value)}
              onChange={(checked) => change((before) => withValue(before, field, value, checked))}
            >
              {line(value, count)}
            </Check>
          ))
        )}
        {values.isPending && <p className={classes.hint}>{t('common.loading')}</p>}
        {values.isSuccess && all.length === 0 && (
          <p className={classes.hint}>{t('studies.filter.noValue')}</p>
        )}
        {more > 0 && (
          <p className={classes.hint}>{t('studies.filter.moreValues', { n: format.count(more) })}</p>
        )}
      </div>
      {on.length > 0 && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          onClick={() => change((before) => withoutField(before, field))}
        >
          {t('studies.filter.any')}
        </Button>
      )}
    </>
  );
}

export function AgeMenu({ filter, change }: FieldProps) {
  const { t } = useTranslation();
  return (
    <Menu label={t('studies.filter.age')} width={240}>
      {(close) => <Age filter={filter} change={change} close={close} />}
    </Menu>
  );
}

function Age({ filter, change, close }: FieldProps & { close: () => void }) {
  const { t } = useTranslation();
  const [min, setMin] = useState(filter.patient_age_min?.toString() ?? '');
  const [max, setMax] = useState(filter.patient_age_max?.toString() ?? '');
  const [low, high] = [ageIn(min), ageIn(max)];
  const reversed = typeof low === 'number' && typeof high === 'number' && low > high;
  const wrong = t('studies.filter.ageWrong');
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (low === undefined || high === undefined || reversed) return;
        change((before) => withAge(before, low, high));
        close();
      }}
    >
      <div className={classes.pair}>
        <TextInput
          size="xs"
          data-autofocus
          inputMode="numeric"
          label={t('studies.filter.ageMin')}
          value={min}
          error={low === undefined ? wrong : null}
          onChange={(event) => setMin(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          inputMode="numeric"
          label={t('studies.filter.ageMax')}
          value={max}
          error={high === undefined ? wrong : reversed ? t('studies.filter.reversed') : null}
          onChange={(event) => setMax(event.currentTarget.value)}
        />
      </div>
      <p className={classes.hint}>{t('studies.filter.ageAbout')}</p>
      <Apply />
    </form>
  );
}

/** The zones that this engine knows; nothing where it does not say. */
function zones(): string[] {
  if (typeof Intl.supportedValuesOf !== 'function') return [];
  // Some engines count UTC among them, some do not.
  return [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];
}

/** Days of check-in, and in which time zone they begin. */
export function DateMenu({ filter, change, zone }: FieldProps & { zone: string }) {
  const { t } = useTranslation();
  return (
    <Menu label={t('studies.filter.date')}>
      {(close) => <Dates filter={filter} change={change} zone={zone} close={close} />}
    </Menu>
  );
}

function Dates({ filter, change, zone, close }: FieldProps & { zone: string; close: () => void }) {
  const { t } = useTranslation();
  const [start, setStart] = useState(filter.start_date ?? '');
  const [end, setEnd] = useState(filter.end_date ?? '');
  const [where, setWhere] = useState(zone);
  const [known] = useState(zones);
  const reversed = start !== '' && end !== '' && start > end;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (reversed) return;
        change((before) => {
          const dated = withDates(before, start.trim() || null, end.trim() || null);
          return where === zone ? dated : withZone(dated, where.trim());
        });
        close();
      }}
    >
      <div className={classes.pair}>
        <TextInput
          size="xs"
          data-autofocus
          label={t('studies.filter.from')}
          placeholder={t('studies.filter.dayShape')}
          value={start}
          onChange={(event) => setStart(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          label={t('studies.filter.to')}
          placeholder={t('studies.filter.dayShape')}
          value={end}
          error={reversed ? t('studies.filter.reversed') : null}
          onChange={(event) => setEnd(event.currentTarget.value)}
        />
      </div>
      <p className={classes.hint}>{t('studies.filter.dateAbout')}</p>
      <Autocomplete
        size="xs"
        label={t('studies.filter.zone')}
        description={t('studies.filter.zoneAbout')}
        data={known}
        limit={8}
        value={where}
        onChange={setWhere}
        comboboxProps={{ withinPortal: false }}
      />
      <Apply />
    </form>
  );
}

/** An exact number of an application, and a list of examinations. */
export function NumbersMenu({ filter, change }: FieldProps) {
  const { t } = useTranslation();
  return (
    <Menu label={t('studies.filter.numbers')} width={320}>
      {(close) => <Numbers filter={filter} change={change} close={close} />}
    </Menu>
  );
}

function Numbers({ filter, change, close }: FieldProps & { close: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [order, setOrder] = useState(filter.application_order_no ?? '');
  const [ids, setIds] = useState(() => filter.exam_ids?.join('\n') ?? '');
  const count = idsIn(ids).length;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        change((before) => withIds(withOrderNo(before, order), ids));
        close();
      }}
    >
      <TextInput
        size="xs"
        data-autofocus
        label={t('studies.filter.orderNo')}
        spellCheck={false}
        value={order}
        onChange={(event) => setOrder(event.currentTarget.value)}
      />
      <Textarea
        size="xs"
        rows={6}
        label={t('studies.filter.ids')}
        description={
          count === 0
            ? t('studies.filter.idsAbout')
            : t('studies.filter.idsCount', { count, n: format.count(count) })
        }
        spellCheck={false}
        value={ids}
        onChange={(event) => setIds(event.currentTarget.value)}
      />
      <Apply />
    </form>
  );
}

function Apply() {
  const { t } = useTranslation();
  return (
    <Button type="submit" size="xs" style={{ alignSelf: 'flex-end' }}>
      {t('studies.filter.apply')}
    </Button>
  );
}
