import { Button } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { FileProblem } from '../../bindings/FileProblem';
import { ErrorNotice } from '../../components/ErrorNotice';
import { FileSentence } from '../../components/FileSentence';
import { Kbd } from '../../components/Kbd';
import { isOfFiles } from '../../errors/codes';
import type { Blocked } from './blocked';
import { TaskLine } from './TaskLine';
import type { ExportForm } from './useExportForm';
import classes from './NewExport.module.css';

const MOST_DETAILS = 100;

/** The button that makes it happen, or what stands in its way, beside it. */
export function CreateFooter({ form }: { form: ExportForm }) {
  const { t } = useTranslation();
  const reasonId = useId();
  const { problem } = form;
  return (
    <footer className={classes.create}>
      {problem && (
        <ErrorNotice
          report={problem}
          action={
            isOfFiles(problem.code) && !form.skipMissing
              ? {
                  label: t('newExport.create.skip'),
                  onClick: () => {
                    form.setSkipMissing(true);
                    form.create({ skipMissing: true });
                  },
                }
              : { label: t('common.close'), onClick: form.dismiss }
          }
        >
          {problem.details.length > 0 && (
            <details>
              <summary>{t('newExport.create.details', { n: problem.details.length })}</summary>
              <ul className={classes.problems}>
                {problem.details.slice(0, MOST_DETAILS).map((detail, at) => (
                  <li key={at}>
                    {typeof detail === 'string' ? <span>{detail}</span> : <FileLine problem={detail} />}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </ErrorNotice>
      )}
      {form.creating ? (
        <TaskLine
          label={form.progress ? t('newExport.create.looking') : t('newExport.create.starting')}
          progress={form.progress}
          cancelling={form.cancelling}
          onCancel={form.cancel}
        />
      ) : (
        <>
          {form.stopped && (
            <p className={classes.reason} role="status">
              {t('newExport.check.cancelled')}
            </p>
          )}
          <p className={classes.reason} id={reasonId} role="status" data-testid="blocked">
            {form.blocked && (
              <>
                <IconInfoCircle size={14} stroke={1.75} aria-hidden />
                <Reason blocked={form.blocked} />
              </>
            )}
          </p>
          {/* It stays focusable when blocked, so that its reason can be read. */}
          <Button
            fullWidth
            size="sm"
            data-testid="create"
            data-disabled={form.blocked !== null || undefined}
            aria-disabled={form.blocked !== null}
            aria-describedby={form.blocked ? reasonId : undefined}
            rightSection={<Kbd keys={['Ctrl', '⏎']} />}
            onClick={() => form.create()}
          >
            {t('newExport.create.button')}
          </Button>
        </>
      )}
    </footer>
  );
}

function Reason({ blocked }: { blocked: Blocked }) {
  const { t } = useTranslation();
  const format = useFormat();
  switch (blocked.why) {
    case 'noRoom':
      return t('newExport.create.blocked.noRoom', { short: format.bytes(blocked.short) });
    default:
      return t(`newExport.create.blocked.${blocked.why}`);
  }
}

function FileLine({ problem }: { problem: FileProblem }) {
  return (
    <>
      <span className="name" title={problem.path}>
        {problem.path}
      </span>
      <FileSentence problem={problem} className={classes.dimmed} />
    </>
  );
}
