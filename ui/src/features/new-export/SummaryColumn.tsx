import { Button } from '@mantine/core';
import { IconAlertTriangle, IconChevronRight, IconEye, IconTable } from '@tabler/icons-react';
import { use, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useCommands } from '../../app/commands';
import { useFormat } from '../../app/FormatContext';
import type { Among } from '../../bindings/Among';
import type { BrowseState } from '../../bindings/BrowseState';
import { LabelsContext } from '../../components/VirtualTree/labels';
import { ErrorNotice } from '../../components/ErrorNotice';
import { CheckFiles } from './CheckFiles';
import { CompletenessDialog } from './CompletenessDialog';
import { CreateFooter } from './CreateFooter';
import { noFilter } from './filter';
import { FormFields } from './FormFields';
import { ModalityBar } from './ModalityBar';
import { PreviewDialog } from './PreviewDialog';
import { RoomLine } from './RoomLine';
import { useActs } from './useActs';
import type { ExportForm } from './useExportForm';
import { useWishes } from './wishes';
import classes from './NewExport.module.css';

interface Props {
  state: BrowseState;
  form: ExportForm;
  /** In a drawer, which has the title. */
  inDrawer?: boolean;
}

/** Most lines of what is lacking before the rest is counted. */
const MOST_LACKING = 4;

/** What an export would be: how much, what is left out, where it goes; and the one button. */
export function SummaryColumn({ state, form, inDrawer = false }: Props) {
  const { t } = useTranslation();
  const { problem, dismiss } = useActs();
  const [dialog, setDialog] = useState<'preview' | 'completeness' | null>(null);
  const { estimate } = state;
  const some = estimate.files > 0;
  useCommands(
    useMemo(() => {
      const group = t('common.pages.newExport');
      const who = {
        id: 'who-has-what',
        group,
        label: t('newExport.completeness.button'),
        icon: IconTable,
        run: () => setDialog('completeness'),
      };
      const preview = {
        id: 'preview',
        group,
        label: t('newExport.preview.button'),
        icon: IconEye,
        run: () => setDialog('preview'),
      };
      return some ? [who, preview] : [who];
    }, [t, some]),
  );

  return (
    <section className={classes.column} aria-labelledby="summary-title">
      <header className={inDrawer ? 'visually-hidden' : classes.head}>
        <h2 id="summary-title">{t('newExport.summary')}</h2>
      </header>
      <div className={classes.scroll}>
        <Total state={state} />
        {some && (
          <ModalityBar
            rows={estimate.by_modality}
            order={state.modalities.map((each) => each.id)}
            labels={use(LabelsContext)}
          />
        )}
        <RoomLine bytes={estimate.bytes} destination={form.destination} />
        <LeftOut state={state} />
        {problem?.area === 'summary' && (
          <div className={classes.notice}>
            <ErrorNotice report={problem.report} action={{ label: t('common.close'), onClick: dismiss }} />
          </div>
        )}
        <div className={classes.actions}>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconTable size={14} stroke={1.75} aria-hidden />}
            onClick={() => setDialog('completeness')}
          >
            {t('newExport.completeness.button')}
          </Button>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconEye size={14} stroke={1.75} aria-hidden />}
            disabled={!some}
            onClick={() => setDialog('preview')}
          >
            {t('newExport.preview.button')}
          </Button>
          <CheckFiles state={state} form={form} />
        </div>
        <FormFields form={form} />
      </div>
      <CreateFooter form={form} />
      <CompletenessDialog state={state} opened={dialog === 'completeness'} onClose={() => setDialog(null)} />
      <PreviewDialog form={form} opened={dialog === 'preview'} onClose={() => setDialog(null)} />
    </section>
  );
}

function Total({ state }: { state: BrowseState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { estimate, counts } = state;
  if (counts.selected === 0)
    return (
      <div className={classes.total} data-testid="estimate">
        <div className={classes.size} data-none>
          {format.bytes(0)}
        </div>
        <div className={classes.dimmed}>
          <strong>{t('newExport.estimate.nothing')}</strong>
          <br />
          {t('newExport.estimate.nothingAbout')}
        </div>
      </div>
    );
  return (
    <div className={classes.total} data-testid="estimate">
      <div className={classes.size} data-testid="estimate-bytes" title={format.exactBytes(estimate.bytes)}>
        {format.bytes(estimate.bytes)}
      </div>
      <div className={classes.dimmed} title={t('newExport.estimate.asRegistered')}>
        {t('newExport.estimate.of', { count: estimate.patients, n: format.count(estimate.patients) })}
        {' · '}
        {t('newExport.estimate.files', { count: estimate.files, n: format.count(estimate.files) })}
      </div>
    </div>
  );
}

/** Who and what of the selection will not be in the ZIP. */
function LeftOut({ state }: { state: BrowseState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { act } = useActs();
  const { setFilter } = useWishes();
  const [all, setAll] = useState(false);
  const { lacking, forbidden } = state.estimate;
  const without = state.counts.selected - state.estimate.patients - forbidden;
  if (lacking.length === 0 && forbidden === 0 && without <= 0) return null;
  const sorted = [...lacking].sort((a, b) => a.patients - b.patients);
  const show = (among: Among) => setFilter((before) => ({ ...noFilter(before), among }));
  const rest = all ? 0 : sorted.length - MOST_LACKING;

  return (
    <div className={classes.leftOut}>
      {forbidden > 0 && (
        <LeftOutLine onClick={() => show({ type: 'forbidden' })}>
          {t('newExport.estimate.forbidden', { count: forbidden, n: format.count(forbidden) })}
        </LeftOutLine>
      )}
      {without > 0 && (
        <LeftOutLine onClick={() => show({ type: 'without' })}>
          {t('newExport.estimate.without', { count: without, n: format.count(without) })}
        </LeftOutLine>
      )}
      {sorted.slice(0, sorted.length - rest).map((each) => (
        <LeftOutLine
          key={each.modality}
          title={t('newExport.estimate.lackingShow', {
            count: each.patients,
            n: format.count(each.patients),
            name: each.slug,
          })}
          onClick={() => show({ type: 'lacking', modality: each.modality })}
        >
          <span className="name">
            {t('newExport.estimate.lacking', {
              count: each.patients,
              n: format.count(each.patients),
              name: each.slug,
            })}
          </span>
        </LeftOutLine>
      ))}
      {rest > 0 && (
        <button type="button" className={classes.link} onClick={() => setAll(true)}>
          {t('newExport.estimate.more', { n: format.count(rest) })}
        </button>
      )}
      {lacking.length > 0 && (
        <button
          type="button"
          className={classes.link}
          onClick={() => void act('summary', 'keep_complete', {})}
        >
          {t('newExport.estimate.complete')}
        </button>
      )}
    </div>
  );
}

/** A line about patients who will not be in the ZIP, or not with everything: a click shows them. */
function LeftOutLine({
  title,
  onClick,
  children,
}: {
  title?: string;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button type="button" className={classes.lacking} title={title} onClick={onClick}>
      <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
      {children}
      <IconChevronRight size={14} stroke={1.75} aria-hidden />
    </button>
  );
}
