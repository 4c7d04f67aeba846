import { SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { BrowseState } from '../../bindings/BrowseState';
import { Check } from '../../components/Check';
import { ErrorNotice } from '../../components/ErrorNotice';
import { CohortMenu } from './CohortMenu';
import { counts, withModality } from './filter';
import { useActs } from './useActs';
import { useWishes } from './wishes';
import classes from './NewExport.module.css';

/** Which modalities and kinds of files: with what the matching patients have of them. */
export function ContentColumn({ state, foot }: { state: BrowseState; foot?: ReactNode }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { problem, dismiss } = useActs();
  const { contents, setContents } = useWishes();
  const all = state.modalities.map((each) => each.id);
  const checked = all.filter((id) => counts(contents, id)).length;

  return (
    <section className={classes.column} aria-labelledby="content-title">
      <header className={classes.head}>
        <h2 id="content-title">{t('newExport.content')}</h2>
        <span className={classes.space} />
        <button
          type="button"
          className={classes.link}
          disabled={contents.modalities === null}
          onClick={() => setContents((before) => ({ ...before, modalities: null }))}
        >
          {t('newExport.contents.all')}
        </button>
        <button
          type="button"
          className={classes.link}
          disabled={checked === 0}
          onClick={() => setContents((before) => ({ ...before, modalities: [] }))}
        >
          {t('newExport.contents.none')}
        </button>
      </header>
      <div className={classes.scroll}>
        {problem?.area === 'content' && (
          <div className={classes.notice}>
            <ErrorNotice report={problem.report} action={{ label: t('common.close'), onClick: dismiss }} />
          </div>
        )}
        {state.modalities.length === 0 ? (
          <p className={classes.hint}>{t('newExport.contents.no')}</p>
        ) : (
          <div role="group" aria-label={t('newExport.contents.modality')}>
            <div className={classes.modalityHead} aria-hidden title={t('newExport.contents.about')}>
              <span>{t('newExport.contents.modality')}</span>
              <span>{t('newExport.contents.patients')}</span>
              <span>{t('newExport.contents.size')}</span>
            </div>
            {state.modalities.map((modality) => (
              <Check
                key={modality.id}
                className={classes.modality}
                checked={counts(contents, modality.id)}
                onChange={() => setContents((before) => withModality(before, all, modality.id))}
                title={[
                  modality.name,
                  ...[
                    { word: modality.slug, ...modality },
                    ...modality.kinds.map((kind) => ({
                      word: t(`newExport.contents.kinds.${kind.kind as 'raw' | 'processed' | 'other'}`),
                      ...kind,
                    })),
                  ].map(({ word, patients, bytes }) =>
                    t('newExport.contents.row', {
                      name: word,
                      count: patients,
                      n: format.count(patients),
                      bytes: format.exactBytes(bytes),
                    }),
                  ),
                ].join('\n')}
              >
                <span className={`name ${classes.modalityName ?? ''}`}>{modality.slug}</span>
                <span className={classes.number} data-zero={modality.patients === 0 || undefined}>
                  {format.count(modality.patients)}
                </span>
                <span className={classes.number} data-zero={modality.patients === 0 || undefined}>
                  {format.bytes(modality.bytes)}
                </span>
              </Check>
            ))}
          </div>
        )}
        <div className={classes.group}>
          <h3 id="kind-title">{t('newExport.contents.files')}</h3>
          <SegmentedControl
            fullWidth
            aria-labelledby="kind-title"
            value={contents.kind}
            onChange={(value) => setContents((before) => ({ ...before, kind: value }))}
            data={[
              { value: 'processed', label: t('newExport.contents.processed') },
              { value: 'raw', label: t('newExport.contents.raw') },
              { value: 'both', label: t('newExport.contents.both') },
            ]}
          />
        </div>
        <p className={classes.hint}>{t('newExport.contents.about')}</p>
      </div>
      <footer className={classes.foot}>
        <CohortMenu state={state} />
      </footer>
      {foot}
    </section>
  );
}
