import { Button, Progress } from '@mantine/core';
import { IconReportSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import { goTo } from '../../app/page';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { ListDialogs } from './ListMenu';
import { Studies } from './Studies';
import { useStudiesState } from './useStudies';
import { hasLists, useStudyList, type StudyList } from './useStudyList';
import classes from './Studies.module.css';

/** The studies of the open registry: search, look, export, and carry their patients to a new export. */
export function StudiesPage({ registry }: { registry: OpenRegistry | null }) {
  const { t } = useTranslation();
  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">{t('common.pages.studies')}</h1>
      {registry ? (
        <Opened registry={registry} />
      ) : (
        <Empty title={t('studies.empty.noRegistry')} about={t('studies.empty.noRegistryAbout')}>
          <Button onClick={() => goTo('new-export')}>{t('studies.empty.goThere')}</Button>
        </Empty>
      )}
    </div>
  );
}

function Opened({ registry }: { registry: OpenRegistry }) {
  const { state, progress } = useStudiesState();
  const list = useStudyList();
  return (
    <>
      <Content registry={registry} list={list} state={state} progress={progress} />
      <ListDialogs list={list} />
    </>
  );
}

interface ContentProps extends ReturnType<typeof useStudiesState> {
  registry: OpenRegistry;
  list: StudyList;
}

function Content({ registry, list, state, progress }: ContentProps) {
  const { t } = useTranslation();
  const format = useFormat();
  if (state.isError)
    return (
      <div className={classes.notice}>
        <ErrorNotice
          report={reportOf(state.error)}
          action={{ label: t('common.retry'), onClick: () => void state.refetch() }}
        />
      </div>
    );
  if (state.isPending) {
    const total = progress?.files_total ?? 0;
    const done = progress?.files_done ?? 0;
    return (
      <Empty title={t('studies.empty.loading')}>
        <Progress
          className={classes.reading}
          size="sm"
          value={total > 0 ? Math.min(100, (done / total) * 100) : 100}
          animated={total === 0}
          aria-label={t('studies.empty.loading')}
        />
        {total > 0 && (
          <p className={classes.about}>
            {t('studies.empty.loadingRows', { n: format.count(done), of: format.count(total) })}
          </p>
        )}
      </Empty>
    );
  }
  const bringing = hasLists(registry) && (
    <>
      <Button
        data-testid="studies-list"
        loading={list.task.running}
        onClick={() => list.open(state.data.time_zone)}
      >
        {t('studies.list.open')}
      </Button>
      <p className={classes.about}>{t('studies.list.zone', { zone: state.data.time_zone })}</p>
    </>
  );
  if (state.data.total === 0)
    return state.data.may_read ? (
      <Empty title={t('studies.empty.none')} about={t('studies.empty.noneAbout')}>
        {bringing}
      </Empty>
    ) : (
      <Empty title={t('studies.empty.forbidden')} about={t('studies.empty.forbiddenAbout')}>
        {bringing}
      </Empty>
    );
  return <Studies registry={registry} state={state.data} studyList={list} />;
}

function Empty({ title, about, children }: { title: string; about?: string; children?: ReactNode }) {
  return (
    <div className={classes.empty} role="status">
      <IconReportSearch size={32} stroke={1.25} aria-hidden className={classes.picture} />
      <h2>{title}</h2>
      {about !== undefined && <p className={classes.about}>{about}</p>}
      {children}
    </div>
  );
}
