import { Button, CloseButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconFileCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useFoundTasks } from '../../api/tasks';
import { useFormat } from '../../app/FormatContext';
import type { BrowseState } from '../../bindings/BrowseState';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { PlanReport } from '../../bindings/PlanReport';
import type { RunningTask } from '../../bindings/RunningTask';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { FileSentence } from '../../components/FileSentence';
import { useErrorWords } from '../../errors/words';
import { useHost } from '../../host/context';
import { TaskLine } from './TaskLine';
import { useActs } from './useActs';
import type { ExportForm } from './useExportForm';
import { useTask, wasCancelled } from '../../api/useTask';
import { useWishes } from './wishes';
import classes from './NewExport.module.css';

/** Problems shown in place; all are in the record of an export. */
const MOST_PROBLEMS = 50;

/** Looks at every file now: exact bytes, and what is wrong before anything is written. */
export function CheckFiles({ state, form }: { state: BrowseState; form: ExportForm }) {
  const { t } = useTranslation();
  const host = useHost();
  const { selection } = useActs();
  const { running, cancelling, progress, run, cancel } = useTask();
  const { settled } = useWishes();
  const [result, setResult] = useState<{ plan: PlanReport; selection: number } | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);

  const look = (found?: RunningTask) => {
    setProblem(null);
    setResult(null);
    const asked = selection;
    run(async (task, goOn) => {
      const revision = await settled();
      goOn();
      return host.call('plan_export', { task, revision });
    }, found).then(
      (plan) => setResult({ plan, selection: asked }),
      (error: unknown) => {
        if (!wasCancelled(error)) setProblem(reportOf(error));
      },
    );
  };
  useFoundTasks(['plan'], look);
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconFileCheck size={14} stroke={1.75} aria-hidden />}
        disabled={state.estimate.files === 0 || running || form.creating}
        onClick={() => look()}
      >
        {t('newExport.check.button')}
      </Button>
      {running && (
        <TaskLine
          label={t('newExport.check.running')}
          progress={progress}
          cancelling={cancelling}
          onCancel={cancel}
        />
      )}
      {problem && (
        <div className={classes.wide}>
          <ErrorNotice report={problem} />
        </div>
      )}
      {result && !running && (
        <PlanResult
          plan={result.plan}
          older={result.selection !== selection}
          onAgain={() => look()}
          onClose={() => setResult(null)}
        />
      )}
    </>
  );
}

interface PlanProps {
  plan: PlanReport;
  older: boolean;
  onAgain: () => void;
  onClose: () => void;
}

function PlanResult({ plan, older, onAgain, onClose }: PlanProps) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const format = useFormat();
  return (
    <div className={classes.plan} role="status" data-testid="plan">
      <div className={classes.planHead}>
        <strong>{t('newExport.check.title')}</strong>
        <span className={classes.space} />
        <CloseButton aria-label={t('newExport.check.close')} onClick={onClose} />
      </div>
      {older ? (
        <p className={classes.warn}>
          {t('newExport.check.older')}{' '}
          <button type="button" className={classes.link} onClick={onAgain}>
            {t('newExport.check.again')}
          </button>
        </p>
      ) : (
        <>
          <p title={format.exactBytes(plan.bytes)}>
            {t('newExport.check.exact', {
              count: plan.files,
              n: format.count(plan.files),
              bytes: format.bytes(plan.bytes),
              most: format.bytes(plan.archive_bytes_max),
            })}
          </p>
          {plan.breaches.map((breach) => (
            <p key={breach.code} className={classes.bad}>
              <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
              <span>
                {words(breach).message} {words(breach).hint}
              </span>
            </p>
          ))}
          {plan.problems_total === 0 ? (
            <p className={classes.goodLine}>
              <IconCircleCheck size={14} stroke={1.75} aria-hidden />
              {t('newExport.check.clean')}
            </p>
          ) : (
            <>
              <p className={classes.warn}>
                <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
                {t('newExport.check.problems', {
                  count: plan.problems_total,
                  n: format.count(plan.problems_total),
                })}
              </p>
              <ul className={classes.problems}>
                {plan.problems.slice(0, MOST_PROBLEMS).map((each) => (
                  <li key={each.file}>
                    <span className="name" title={each.path}>
                      {each.path}
                    </span>
                    <FileSentence problem={each} className={classes.dimmed} />
                  </li>
                ))}
              </ul>
              {plan.problems_total > MOST_PROBLEMS && (
                <p className={classes.dimmed}>
                  {t('newExport.estimate.more', {
                    n: format.count(plan.problems_total - Math.min(MOST_PROBLEMS, plan.problems.length)),
                  })}
                </p>
              )}
            </>
          )}
        </>
      )}
    </div>
  );
}
