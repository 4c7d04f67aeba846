import { Button, Popover, Radio, SegmentedControl, Select } from '@mantine/core';
import { IconChevronDown, IconDownload, IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import { goTo } from '../../app/page';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { ExportRow } from '../../bindings/ExportRow';
import type { StudyColumnSet } from '../../bindings/StudyColumnSet';
import type { StudiesWhat } from '../../bindings/StudiesWhat';
import type { TableFormat } from '../../bindings/TableFormat';
import { Check } from '../../components/Check';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toast } from '../../components/toast';
import { useHost } from '../../host/context';
import { FIELDS, LIST, type Field } from './fields';
import classes from './ExportMenu.module.css';

interface Props {
  /** Resolves when what is shown is what Rust has. */
  settled: () => Promise<number>;
  opened: boolean;
  onOpened: (opened: boolean) => void;
  what: StudiesWhat;
  onWhat: (what: StudiesWhat) => void;
  matching: number;
  selected: number;
  /** At most so many studies in one table; `null` for no limit. */
  limit: number | null;
  mayExport: boolean;
  shown: readonly Field[];
  sets: readonly StudyColumnSet[];
  zone: string;
}

/** What shall be in the table, in which format; where it goes is asked by the desktop's own dialog. */
export function ExportMenu({ opened, onOpened, ...rest }: Props) {
  const { t } = useTranslation();
  return (
    <Popover
      opened={opened}
      onChange={onOpened}
      position="bottom-end"
      width={360}
      trapFocus
      returnFocus
      shadow="sm"
    >
      <Popover.Target>
        <Button
          data-testid="studies-export"
          aria-haspopup="dialog"
          aria-expanded={opened}
          leftSection={<IconDownload size={14} stroke={1.75} aria-hidden />}
          rightSection={<IconChevronDown size={12} stroke={2} aria-hidden />}
          onClick={() => onOpened(!opened)}
        >
          {t('studies.export.button')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={12} aria-label={t('studies.export.title')}>
        <Form {...rest} onDone={() => onOpened(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Form({
  settled,
  what,
  onWhat,
  matching,
  selected,
  limit,
  mayExport,
  shown,
  sets,
  zone,
  onDone,
}: Omit<Props, 'opened' | 'onOpened'> & { onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const [kind, setKind] = useState<TableFormat>('xlsx');
  const [bom, setBom] = useState(true);
  const [checksum, setChecksum] = useState(false);
  const [columns, setColumns] = useState('shown');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const count = what === 'selected' ? selected : matching;
  const tooMany = limit !== null && count > limit;
  const fields = (): readonly string[] => {
    if (columns === 'shown') return shown;
    if (columns === 'list') return LIST;
    if (columns === 'full') return FIELDS;
    return sets.find((set) => `set:${set.name}` === columns)?.columns ?? shown;
  };

  const begin = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await settled();
      const row: ExportRow | null = await host.call('studies_export', {
        what,
        format: kind,
        bom: bom && kind !== 'xlsx',
        sha256_file: checksum,
        columns: [...fields()],
      });
      if (row === null) return;
      toast({
        id: `queued-${row.id}`,
        message: t('studies.export.queued'),
        detail: row.name,
        tone: 'good',
        action: { label: t('studies.export.view'), onClick: () => goTo('exports', row.id) },
      });
      onDone();
    } catch (error) {
      setProblem(reportOf(error));
    } finally {
      setBusy(false);
    }
  };
  const blocked = !mayExport
    ? t('studies.export.mayNot')
    : count === 0
      ? t('studies.export.nothing')
      : tooMany
        ? t('studies.export.tooMany', { n: format.count(count), limit: format.count(limit) })
        : null;

  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (blocked === null && !busy) void begin();
      }}
    >
      <Radio.Group
        value={what}
        onChange={(value) => onWhat(value)}
        label={t('studies.export.what')}
        size="xs"
      >
        <div className={classes.radios}>
          <Radio
            size="xs"
            value="matching"
            data-autofocus
            label={t('studies.export.matching', { count: matching, n: format.count(matching) })}
          />
          <Radio
            size="xs"
            value="selected"
            disabled={selected === 0}
            label={t('studies.export.selected', { count: selected, n: format.count(selected) })}
          />
        </div>
      </Radio.Group>
      <div>
        <span className={classes.label} id="studies-format">
          {t('studies.export.format')}
        </span>
        <SegmentedControl
          fullWidth
          aria-labelledby="studies-format"
          value={kind}
          onChange={(value) => setKind(value)}
          data={[
            { value: 'xlsx', label: 'XLSX' },
            { value: 'csv', label: 'CSV' },
            { value: 'tsv', label: 'TSV' },
          ]}
        />
      </div>
      {kind !== 'xlsx' && (
        <div className={classes.note} role="note">
          <IconInfoCircle size={15} stroke={1.75} aria-hidden />
          <span>
            {t('studies.export.zeros', { format: kind.toUpperCase() })}{' '}
            <button type="button" className={classes.link} onClick={() => setKind('xlsx')}>
              {t('studies.export.useXlsx')}
            </button>
          </span>
        </div>
      )}
      <Select
        size="xs"
        label={t('studies.columns.title')}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        value={columns}
        onChange={(value) => setColumns(value ?? 'shown')}
        data={[
          { value: 'shown', label: t('studies.export.shown', { count: shown.length, n: shown.length }) },
          { value: 'list', label: t('studies.columns.list', { n: LIST.length }) },
          { value: 'full', label: t('studies.columns.full', { n: FIELDS.length }) },
          ...sets.map((set) => ({ value: `set:${set.name}`, label: set.name })),
        ]}
      />
      <div>
        {kind !== 'xlsx' && (
          <Check checked={bom} onChange={setBom} title={t('studies.export.bomAbout')}>
            {t('studies.export.bom')}
          </Check>
        )}
        <Check checked={checksum} onChange={setChecksum}>
          {t('studies.export.checksum')}
        </Check>
      </div>
      <p className={classes.hint}>{t('studies.export.zone', { zone })}</p>
      {problem && <ErrorNotice report={problem} />}
      {blocked !== null && (
        <p className={classes.blocked} data-testid="studies-blocked" id="studies-blocked">
          {blocked}{' '}
          {tooMany && mayExport && (
            <button type="button" className={classes.link} onClick={() => goTo('settings', 'limits')}>
              {t('studies.export.limits')}
            </button>
          )}
        </p>
      )}
      <Button
        type="submit"
        loading={busy}
        aria-disabled={blocked !== null}
        data-disabled={blocked !== null || undefined}
        aria-describedby={blocked === null ? undefined : 'studies-blocked'}
      >
        {t('studies.export.begin')}
      </Button>
    </form>
  );
}
