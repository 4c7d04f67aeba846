import { ActionIcon, Button, Progress } from '@mantine/core';
import {
  IconDatabase,
  IconFolderOpen,
  IconPhotoSearch,
  IconPlugConnected,
  IconSparkles,
  IconX,
  type Icon,
} from '@tabler/icons-react';
import { useEffect, useRef, useState, type Ref } from 'react';
import { useTranslation } from 'react-i18next';

import { askToConnect } from '../../api/connecting';
import { useDemo, useRecent, useRegistry } from '../../api/registry';
import { useFormat } from '../../app/FormatContext';
import { useNow } from '../../app/useNow';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { RecentRegistry } from '../../bindings/RecentRegistry';
import type { Startup } from '../../bindings/Startup';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toastError } from '../../components/toast';
import { SheafOfSlices } from './SheafOfSlices';
import classes from './FirstRun.module.css';

/** What could not be opened, and how to try once more. */
interface Problem {
  report: ErrorReport;
  again: { what: string; run: () => Promise<unknown> };
}

/** Nothing is open: open a registry, or try the demo. */
export function FirstRun({ startup }: { startup: Startup }) {
  const { t } = useTranslation();
  const registry = useRegistry();
  const demo = useDemo();
  const recent = useRecent(startup);
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(
    startup.problem && { report: startup.problem, again: { what: 'start', run: registry.startAgain } },
  );
  const [demoProblem, setDemoProblem] = useState<ErrorReport | null>(null);

  const attempt = (what: string, run: () => Promise<unknown>) => {
    setBusy(what);
    void run()
      .then(
        (done) => {
          if (done === false) return;
          setProblem(null);
          goOn();
        },
        (error: unknown) => setProblem({ report: reportOf(error), again: { what, run } }),
      )
      .finally(() => setBusy(null));
  };
  const open = () => attempt('open', registry.open);
  const make = () => {
    setDemoProblem(null);
    registry.makeDemo().then(
      (made) => {
        if (made) goOn();
      },
      (error: unknown) => setDemoProblem(reportOf(error)),
    );
  };
  // The button comes back when the making ends without a demo, and with it the focus.
  const button = useRef<HTMLButtonElement>(null);
  const making = demo !== null;
  const wasMaking = useRef(false);
  useEffect(() => {
    if (wasMaking.current && !making) button.current?.focus();
    wasMaking.current = making;
  }, [making]);
  const held = busy !== null || demo !== null;

  return (
    <div className={classes.page} data-testid="first-run">
      <div className={classes.column}>
        <SheafOfSlices small={problem !== null || recent.length > 0} />
        <h1 className={classes.title}>{t('firstRun.title')}</h1>
        <p className={classes.what}>{t('firstRun.what')}</p>

        {problem && (
          <section className={classes.problem} aria-label={t('firstRun.problem')}>
            <ErrorNotice report={problem.report}>
              <div className={classes.steps}>
                <Button
                  variant="default"
                  loading={busy === problem.again.what}
                  disabled={held && busy !== problem.again.what}
                  onClick={() => attempt(problem.again.what, problem.again.run)}
                >
                  {t('common.retry')}
                </Button>
                <Button variant="default" disabled={held} onClick={open}>
                  {t('firstRun.openAnother')}
                </Button>
              </div>
            </ErrorNotice>
          </section>
        )}

        <ul className={classes.choices} aria-label={t('firstRun.choices')}>
          <li>
            <Choice
              testId="open-registry"
              icon={IconFolderOpen}
              title={t('firstRun.open')}
              about={t('firstRun.openAbout')}
              primary
              disabled={held}
              onClick={open}
            />
          </li>
          <li>
            <Choice
              testId="open-folder"
              icon={IconPhotoSearch}
              title={t('firstRun.folder')}
              about={t('firstRun.folderAbout')}
              disabled={held}
              onClick={() => attempt('folder', registry.openFolder)}
            />
          </li>
          <li>
            <Choice
              testId="connect-server"
              icon={IconPlugConnected}
              title={t('firstRun.connect')}
              about={t('firstRun.connectAbout')}
              disabled={held}
              onClick={() => askToConnect()}
            />
          </li>
          <li>
            {demo ? (
              <Making
                share={demo.share}
                cancelling={demo.cancelling}
                onCancel={() => void registry.cancelDemo().catch(() => undefined)}
              />
            ) : (
              <Choice
                ref={button}
                testId="try-demo"
                icon={IconSparkles}
                title={t('firstRun.demo')}
                about={t('firstRun.demoAbout')}
                disabled={held}
                onClick={make}
              />
            )}
            {demoProblem && (
              <div className={classes.below}>
                <ErrorNotice report={demoProblem} action={{ label: t('common.retry'), onClick: make }} />
              </div>
            )}
          </li>
        </ul>

        {recent.length > 0 && (
          <section className={classes.recent} aria-labelledby="recent-registries">
            <h2 id="recent-registries" className={classes.heading}>
              {t('firstRun.recent')}
            </h2>
            <ul className={classes.list}>
              {recent.map((each) => (
                <Recent
                  key={each.id}
                  registry={each}
                  busy={busy === each.id}
                  disabled={held}
                  onOpen={() => attempt(each.id, () => registry.openRecent(each))}
                  onRemove={() => void registry.forgetRecent(each.id).catch(toastError)}
                />
              ))}
            </ul>
          </section>
        )}
      </div>
    </div>
  );
}

/** What had the focus goes away with this page: reading goes on where the next one begins. */
function goOn(): void {
  document.getElementById('content')?.focus();
}

interface ChoiceProps {
  ref?: Ref<HTMLButtonElement>;
  testId: string;
  icon: Icon;
  title: string;
  about: string;
  primary?: boolean;
  disabled: boolean;
  onClick: () => void;
}

function Choice({
  ref,
  testId,
  icon: Picture,
  title,
  about,
  primary = false,
  disabled,
  onClick,
}: ChoiceProps) {
  return (
    <button
      ref={ref}
      type="button"
      data-testid={testId}
      className={classes.choice}
      data-primary={primary || undefined}
      aria-disabled={disabled}
      onClick={disabled ? undefined : onClick}
    >
      <Picture size={20} stroke={1.6} aria-hidden className={classes.icon} />
      <span>
        <span className={classes.choiceTitle}>{title}</span>
        <span className={classes.about}>{about}</span>
      </span>
    </button>
  );
}

interface MakingProps {
  share: number | null;
  cancelling: boolean;
  onCancel: () => void;
}

/** The demo in the making, where its button was. */
function Making({ share, cancelling, onCancel }: MakingProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const cancel = useRef<HTMLButtonElement>(null);
  useEffect(() => cancel.current?.focus(), []);
  return (
    <div className={classes.making} data-testid="making-demo">
      <div className={classes.makingHead}>
        <span className={classes.choiceTitle} role="status">
          {cancelling ? t('firstRun.cancelling') : t('firstRun.making')}
        </span>
        {share !== null && <span className={classes.about}>{format.percent(share)}</span>}
        <Button ref={cancel} variant="default" size="xs" aria-disabled={cancelling} onClick={onCancel}>
          {t('common.cancel')}
        </Button>
      </div>
      <Progress.Root size={6}>
        <Progress.Section
          value={share === null ? 100 : share * 100}
          animated={share === null}
          striped={share === null}
          aria-label={t('firstRun.making')}
        />
      </Progress.Root>
      <span className={classes.about}>{t('firstRun.makingAbout')}</span>
    </div>
  );
}

interface RecentProps {
  registry: RecentRegistry;
  busy: boolean;
  disabled: boolean;
  onOpen: () => void;
  onRemove: () => void;
}

function Recent({ registry, busy, disabled, onOpen, onRemove }: RecentProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  return (
    <li className={classes.row}>
      <button
        type="button"
        className={classes.open}
        aria-disabled={disabled}
        aria-busy={busy}
        title={registry.path}
        onClick={disabled ? undefined : onOpen}
      >
        <IconDatabase size={16} stroke={1.75} aria-hidden className={classes.icon} />
        <span className={classes.rowText}>
          <span className={`name ${classes.rowName}`}>{registry.name}</span>
          <span className={`name ${classes.path}`}>{registry.path}</span>
        </span>
        <span className={registry.present === true ? classes.when : classes.missing}>
          {registry.present === true
            ? format.ago(registry.opened_at, now)
            : registry.present === false
              ? t('firstRun.missing')
              : t('firstRun.notTold')}
        </span>
      </button>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={t('firstRun.remove', { name: registry.name })}
        onClick={onRemove}
      >
        <IconX size={14} aria-hidden />
      </ActionIcon>
    </li>
  );
}
