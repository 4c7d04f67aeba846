import { ActionIcon, Button, Drawer, Loader } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import { useFormat } from '../../app/FormatContext';
import { useNow } from '../../app/useNow';
import type { DatasetExport } from '../../bindings/DatasetExport';
import type { ExportRow } from '../../bindings/ExportRow';
import type { StudyExport } from '../../bindings/StudyExport';
import { Bytes } from '../../components/Bytes';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { FileSentence } from '../../components/FileSentence';
import { Moment } from '../../components/Moment';
import { useErrorWords } from '../../errors/words';
import { useHost } from '../../host/context';
import { Bar } from './Bar';
import { actsOf, hasShare, isActive, shareOf, standingOf, toneOf, type Act } from './model';
import { ProblemList } from './ProblemList';
import { problemsOf, textsOf } from './problems';
import { StandingIcon } from './StandingIcon';
import type { ExportActs } from './useExportActs';
import { VirtualRows } from './VirtualRows';
import {
  actWord,
  filterLines,
  happenedText,
  progressParts,
  selectionLines,
  sizeParts,
  stateWord,
  todoText,
} from './words';
import { OutcomeLine, TaskLine } from './WorkLine';
import classes from './ExportDrawer.module.css';
import standing from './standing.module.css';

interface Props {
  /** Nothing: closed. */
  row: ExportRow | undefined;
  acts: ExportActs;
  onAct: (act: Act, row: ExportRow) => void;
  onClose: () => void;
}

/** Everything about one export: what happened, what can be done, the details. */
export function ExportDrawer({ row, acts, onAct, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={row !== undefined}
      onClose={onClose}
      size={560}
      title={row && <Title row={row} />}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      attributes={{ header: { role: 'presentation' } }}
      classNames={{ title: classes.head ?? '', body: classes.body ?? '' }}
      returnFocus={false}
    >
      {row && <Body key={row.id} row={row} acts={acts} onAct={onAct} />}
    </Drawer>
  );
}

function Title({ row }: { row: ExportRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  const state = standingOf(row);
  return (
    <span className={classes.title}>
      <StandingIcon standing={state} size={20} />
      <span className={`name ${classes.name ?? ''}`} title={row.name}>
        <span className="visually-hidden">{t('exports.drawer.title', { name: '' })}</span>
        {row.name}
      </span>
      <span className={`${standing.word ?? ''} ${classes.word ?? ''}`} data-tone={toneOf(state)}>
        {stateWord(row, t, format)}
      </span>
    </span>
  );
}

/** Copying stands beside what is copied; the rest in the order of usefulness. */
function shownActs(row: ExportRow): Act[] {
  const { buttons, menu } = actsOf(row);
  const beside: Act[] = ['details', 'copyPath', 'copySha256', 'copyReport'];
  return [...new Set([...buttons, ...menu.flat()])].filter((act) => !beside.includes(act));
}

function Body({ row, acts, onAct }: { row: ExportRow; acts: ExportActs; onAct: Props['onAct'] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const details = useQuery({
    queryKey: keys.exportDetails(row.id),
    queryFn: () => host.call('export_details', { id: row.id }),
  });
  const words = useErrorWords();
  const state = standingOf(row);
  const task = acts.tasks.get(row.id);
  const outcome = acts.outcomes.get(row.id);

  return (
    <>
      <Part title={t('exports.drawer.happened')}>
        <p className={classes.said}>
          {(state === 'failed' || state === 'interrupted') && row.error
            ? words(row.error).message
            : happenedText(row, t, format)}
        </p>
        {(state === 'failed' || state === 'interrupted') && row.error && words(row.error).exact !== null && (
          <p className={classes.dim} lang="en">
            {words(row.error).exact}
          </p>
        )}
        {isActive(row) && (
          <div className={classes.progress}>
            {hasShare(state) && (
              <Bar share={shareOf(row.progress)} label={t('exports.progress', { name: row.name })} />
            )}
            <p className={classes.dim}>{progressParts(row, t, format).join(' · ')}</p>
            {row.progress?.current && (
              <p className={`name ${classes.dim ?? ''}`} title={row.progress.current}>
                {row.progress.current}
              </p>
            )}
          </div>
        )}
        {details.data && textsOf(details.data).length > 0 && (
          <ul className={classes.texts}>
            {textsOf(details.data).map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        )}
      </Part>

      <Part title={t('exports.drawer.todo')}>
        <p className={classes.said}>{todoText(row, t, format)}</p>
        <div className={classes.buttons}>
          {shownActs(row).map((act, index) => (
            <Button
              key={act}
              variant={index === 0 && act !== 'cancel' ? 'filled' : 'default'}
              disabled={task !== undefined && act !== 'show'}
              onClick={() => onAct(act, row)}
            >
              {actWord(act, row, t)}
            </Button>
          ))}
        </div>
        {task && <TaskLine row={row} task={task} reachable onStop={() => acts.cancelTask(row)} />}
        {outcome &&
          (outcome.kind === 'error' ? (
            <ErrorNotice
              report={outcome.report}
              action={{ label: t('exports.outcome.dismiss'), onClick: () => acts.dismiss(row) }}
            />
          ) : (
            <OutcomeLine row={row} outcome={outcome} reachable onDismiss={() => acts.dismiss(row)} />
          ))}
        {outcome?.kind === 'verified' && outcome.result.problems.length > 0 && (
          <VirtualRows
            items={outcome.result.problems}
            rowHeight={46}
            maxHeight={184}
            label={t('exports.verification.list')}
          >
            {(problem) => (
              <>
                <div className="name" title={problem.name}>
                  {problem.name === '' ? t('exports.verification.whole') : problem.name}
                </div>
                <div className={`name ${classes.dim ?? ''}`} title={`${problem.message}\n${problem.code}`}>
                  <FileSentence problem={problem} />
                </div>
              </>
            )}
          </VirtualRows>
        )}
      </Part>

      {details.isPending ? (
        <div className={classes.loading} role="status">
          <Loader /> {t('common.loading')}
        </div>
      ) : details.isError ? (
        <ErrorNotice
          report={reportOf(details.error)}
          action={{ label: t('common.retry'), onClick: () => void details.refetch() }}
        />
      ) : (
        <Record row={row} record={details.data} acts={acts} onAct={onAct} />
      )}
    </>
  );
}

interface RecordProps {
  row: ExportRow;
  record: DatasetExport;
  acts: ExportActs;
  onAct: Props['onAct'];
}

function Record({ row, record, acts, onAct }: RecordProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const problems = problemsOf(record);
  const unknown = record.unknown_patients ?? [];
  const { archive, changed_since_confirmed: confirmed } = record;
  const took =
    record.started_at !== null && record.completed_at !== null
      ? (Date.parse(record.completed_at) - Date.parse(record.started_at)) / 1000
      : null;
  const copy = (act: 'copyPath' | 'copySha256') => (
    <ActionIcon
      variant="subtle"
      size="sm"
      aria-label={t(`exports.acts.${act}`)}
      title={t(`exports.acts.${act}`)}
      onClick={() => onAct(act, row)}
    >
      <IconCopy size={14} stroke={1.75} aria-hidden />
    </ActionIcon>
  );

  return (
    <>
      {problems.length > 0 && (
        <Part
          title={t('exports.problems.count', { count: problems.length, n: format.count(problems.length) })}
        >
          <ProblemList problems={problems} onSave={() => void acts.saveProblems(row)} />
        </Part>
      )}
      {unknown.length > 0 && (
        <Part title={t('exports.unknown.title', { count: unknown.length, n: format.count(unknown.length) })}>
          <p className={classes.dim}>{t('exports.unknown.about')}</p>
          <VirtualRows items={unknown} rowHeight={26} maxHeight={130} label={t('exports.unknown.list')}>
            {(id) => <div className="name selectable">{id}</div>}
          </VirtualRows>
        </Part>
      )}
      {confirmed && (
        <Part title={t('exports.drawer.changed')}>
          <p className={classes.said}>
            {t('exports.drawer.changedWas', {
              what: sizeParts({ ...row, ...confirmed, archive_bytes: null }, t, format).join(' · '),
            })}
          </p>
        </Part>
      )}
      <Part title={t('exports.drawer.selection')}>
        <dl className={classes.facts}>
          {record.studies ? (
            <TableFacts table={record.studies} />
          ) : (
            selectionLines(record.selection, t, format).map((line) => (
              <Fact key={line.label} label={line.label}>
                {line.names.map((name, index) => (
                  <span key={`${index}-${name}`}>
                    {index > 0 && ', '}
                    <bdi>{name}</bdi>
                  </span>
                ))}{' '}
                {line.value}
              </Fact>
            ))
          )}
        </dl>
      </Part>
      <Part
        title={t('exports.drawer.details')}
        side={
          <Button variant="default" onClick={() => onAct('copyReport', row)}>
            {t('exports.drawer.copyReport')}
          </Button>
        }
      >
        <dl className={classes.facts}>
          {record.error && (
            <Fact label={t('exports.drawer.code')}>
              <code>{record.error.code}</code>
            </Fact>
          )}
          <Fact label={t('exports.drawer.content')}>
            {sizeParts({ ...row, archive_bytes: null }, t, format).join(' · ')}
          </Fact>
          {archive && (
            <>
              <Fact label={t(record.studies ? 'exports.drawer.table' : 'exports.drawer.archive')}>
                <Bytes value={archive.bytes} />
              </Fact>
              <Fact label={t('exports.drawer.path')} side={copy('copyPath')}>
                <bdi className="selectable">{archive.path}</bdi>
              </Fact>
              <Fact label={t('exports.drawer.sha256')} side={copy('copySha256')}>
                <code className={classes.hash}>{archive.sha256}</code>
              </Fact>
            </>
          )}
          <Fact label={t('exports.drawer.created')}>
            <Moment time={record.created_at} />
          </Fact>
          {record.started_at !== null && (
            <Fact label={t('exports.drawer.started')}>
              <Moment time={record.started_at} />
            </Fact>
          )}
          {record.completed_at !== null && (
            <Fact label={t('exports.drawer.ended')}>
              <Moment time={record.completed_at} />
              {took !== null && `, ${t('exports.drawer.took', { time: format.duration(took) })}`}
            </Fact>
          )}
          <Fact label={t('exports.drawer.attempt')}>{format.count(record.attempt)}</Fact>
          {record.project !== '' && <Fact label={t('exports.drawer.project')}>{record.project}</Fact>}
          <Fact label={t('exports.drawer.user')}>{record.user}</Fact>
          <Fact label={t('exports.drawer.registry')}>
            <bdi className="selectable">{record.registry}</bdi>
          </Fact>
          {record.registry_synced_at !== null && (
            <Fact label={t('exports.drawer.synced')}>{format.moment(record.registry_synced_at, now)}</Fact>
          )}
          {record.notes !== '' && (
            <Fact label={t('exports.drawer.notes')}>
              <span className={`selectable ${classes.notes ?? ''}`}>{record.notes}</span>
            </Fact>
          )}
          <Fact label={t('exports.drawer.id')}>
            <code>{record.id}</code>
          </Fact>
        </dl>
      </Part>
    </>
  );
}

/** What a table of studies was asked to hold. Fields are named as the registry names them. */
function TableFacts({ table }: { table: StudyExport }) {
  const { t } = useTranslation();
  const lines = filterLines(table.filter);
  return (
    <>
      <Fact label={t('exports.drawer.filter')}>
        {lines.length === 0
          ? t('exports.drawer.noFilter')
          : lines.map(({ field, values }) => (
              <span key={field} className={classes.filterLine}>
                <code>{field}</code> <bdi>{values.join(', ')}</bdi>
              </span>
            ))}
      </Fact>
      <Fact label={t('exports.drawer.table')}>{table.format.toUpperCase()}</Fact>
      <Fact label={t('exports.drawer.columns')}>
        <code>{table.columns.join(', ')}</code>
      </Fact>
    </>
  );
}

function Part({ title, side, children }: { title: string; side?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <div className={classes.partHead}>
        <h3 className={classes.partTitle}>{title}</h3>
        {side}
      </div>
      {children}
    </section>
  );
}

function Fact({ label, side, children }: { label: string; side?: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>
        <span className={classes.value}>{children}</span>
        {side}
      </dd>
    </div>
  );
}
