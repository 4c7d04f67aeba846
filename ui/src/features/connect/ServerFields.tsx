import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { IconCircleCheck, IconFileCertificate, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState, type ClipboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { askToConnect, closeConnecting, type Lacking } from '../../api/connecting';
import { useRegistry } from '../../api/registry';
import { wasCancelled, type Task } from '../../api/useTask';
import { useFormat } from '../../app/FormatContext';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { ServerAnswer } from '../../bindings/ServerAnswer';
import { Check } from '../../components/Check';
import { DialogFoot } from '../../components/DialogFoot';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toastReport } from '../../components/toast';
import { useHost } from '../../host/context';
import { draftOf, lackOf, looksLikeUrl, passwordOf, serverOf, USUAL_PORT, type Draft } from './form';
import classes from '../../components/DialogForm.module.css';

/** What was typed, and what came of it. */
export interface Typed {
  draft: Draft;
  problem: ErrorReport | null;
}

interface Props {
  asked: Extract<Lacking, { step: 'server' }>;
  /** As of before the form gave way; nothing yet. */
  typed: Typed | null;
  onTyped: (typed: Typed) => void;
  /** The test of the connection, and the connection. */
  test: Task;
  connect: Task;
  close: () => void;
}

/** How a server is reached: its fields, a test of them, and the connection. */
export function ServerFields({ asked, typed, onTyped, test, connect: connection, close }: Props) {
  const { t } = useTranslation();
  const host = useHost();
  const registry = useRegistry();
  const first = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const { draft, problem } = typed ?? { draft: draftOf(asked.server), problem: asked.problem };
  const [answer, setAnswer] = useState<ServerAnswer | null>(null);
  const [tried, setTried] = useState(false);
  const latest = useRef(0);

  const isDenied = problem?.code === 'SOURCE_DENIED';
  useEffect(() => {
    if (isDenied) password.current?.focus();
  }, [isDenied]);
  const now = useRef(draft);
  const setProblem = (told: ErrorReport | null) => onTyped({ draft: now.current, problem: told });

  const change = (part: Partial<Draft>) => {
    latest.current += 1;
    now.current = { ...now.current, ...part };
    setAnswer(null);
    setProblem(null);
  };
  const lack = lackOf(draft);
  const said = { server: serverOf(draft), password: draft.password === '' ? null : draft.password };
  const busy = connection.running || test.running;

  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const url = event.clipboardData.getData('text');
    if (!looksLikeUrl(url)) return;
    event.preventDefault();
    const turn = (latest.current += 1);
    host.call('read_server_url', { url }).then(
      (server) => {
        if (latest.current === turn)
          change({
            ...draftOf(server),
            keep: draft.keep,
            leaveOut: draft.leaveOut,
            password: passwordOf(url),
          });
      },
      (error: unknown) => setProblem(reportOf(error)),
    );
  };
  const choose = () =>
    void host.call('choose_certificate', {}).then(
      (certificate) => {
        if (certificate) change({ certificate });
      },
      (error: unknown) => setProblem(reportOf(error)),
    );
  const ask = () => {
    setTried(true);
    if (lack !== null || busy) return;
    const turn = (latest.current += 1);
    setAnswer(null);
    setProblem(null);
    test
      .run((task) => host.call('test_server', { task, ...said }))
      .then(
        (found) => {
          if (latest.current === turn) setAnswer(found);
        },
        (error: unknown) => {
          if (latest.current === turn && !wasCancelled(error)) setProblem(reportOf(error));
        },
      );
  };
  const connect = () => {
    setTried(true);
    if (lack !== null || busy) return;
    setProblem(null);
    connection
      .run(async (task, goOn) => {
        const connected = await registry.connect({
          ...said,
          task,
          keep_password: draft.keep && draft.password !== '',
          read_names: draft.leaveOut === null ? null : !draft.leaveOut,
        });
        goOn();
        return connected;
      })
      .then(
        ({ id, registry: opened, not_kept: notKept }) => {
          if (notKept) toastReport(notKept, { id: 'password', tone: 'warn' });
          if (opened) closeConnecting();
          else askToConnect({ step: 'user', id, name: `${draft.host.trim()}/${draft.database.trim()}` });
        },
        (error: unknown) => {
          if (!wasCancelled(error)) setProblem(reportOf(error));
        },
      );
  };

  const wrong = (field: typeof lack) => tried && lack === field;
  return (
    <form
      className={classes.stack}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        connect();
      }}
    >
      <SegmentedControl
        fullWidth
        aria-label={t('connect.engine')}
        value={draft.engine}
        onChange={(engine) => change({ engine: engine })}
        data={[
          { value: 'mysql', label: t('connect.mysql') },
          { value: 'postgres', label: t('connect.postgres') },
        ]}
      />
      <p className={classes.about}>
        {draft.engine === 'mysql' ? t('connect.mysqlAbout') : t('connect.postgresAbout')}
      </p>
      <div className={classes.fields}>
        <TextInput
          ref={first}
          data-autofocus={!isDenied || undefined}
          className={classes.wide ?? ''}
          label={t('connect.host')}
          placeholder={t('connect.hostSuch')}
          spellCheck={false}
          autoComplete="off"
          error={wrong('host')}
          value={draft.host}
          onPaste={paste}
          onChange={(event) => change({ host: event.currentTarget.value })}
        />
        <TextInput
          label={t('connect.port')}
          placeholder={String(USUAL_PORT[draft.engine])}
          inputMode="numeric"
          autoComplete="off"
          error={draft.port !== '' && lack === 'port'}
          value={draft.port}
          onChange={(event) => change({ port: event.currentTarget.value })}
        />
        <TextInput
          className={classes.all ?? ''}
          label={t('connect.database')}
          spellCheck={false}
          autoComplete="off"
          error={wrong('database')}
          value={draft.database}
          onChange={(event) => change({ database: event.currentTarget.value })}
        />
        <div className={classes.pair}>
          <TextInput
            label={t('connect.user')}
            spellCheck={false}
            autoComplete="off"
            error={wrong('user')}
            value={draft.user}
            onChange={(event) => change({ user: event.currentTarget.value })}
          />
          <PasswordInput
            ref={password}
            data-autofocus={isDenied || undefined}
            label={t('connect.password')}
            placeholder={asked.server ? t('connect.passwordKnown') : ''}
            autoComplete="off"
            visibilityToggleButtonProps={{ 'aria-label': t('connect.showPassword') }}
            value={draft.password}
            onChange={(event) => change({ password: event.currentTarget.value })}
          />
        </div>
      </div>
      <div>
        <Check checked={draft.keep} onChange={(keep) => change({ keep })}>
          {t('connect.keep')}
        </Check>
        <p className={classes.under}>{t('connect.keepAbout')}</p>
      </div>
      <div>
        <Check
          checked={draft.leaveOut === true}
          mixed={draft.leaveOut === null}
          onChange={(leaveOut) => change({ leaveOut })}
        >
          {t('connect.leaveOut')}
        </Check>
        <p className={classes.under}>
          {draft.leaveOut === null ? t('connect.leaveOutKnown') : t('connect.leaveOutAbout')}
        </p>
      </div>
      <div className={classes.certificate}>
        <div>
          <div className={classes.label}>{t('connect.certificate')}</div>
          <div className={`${classes.about ?? ''} ${draft.certificate ? 'name selectable' : ''}`}>
            {draft.certificate?.path ?? t('connect.certificateNone')}
          </div>
        </div>
        {draft.certificate && (
          <Button
            variant="subtle"
            color="gray"
            aria-label={t('connect.certificateRemove')}
            onClick={() => change({ certificate: null })}
          >
            <IconX size={14} aria-hidden />
          </Button>
        )}
        <Button
          variant="default"
          leftSection={<IconFileCertificate size={14} stroke={1.75} aria-hidden />}
          onClick={choose}
        >
          {t('connect.certificateChoose')}
        </Button>
      </div>
      <div className={classes.result} aria-live="polite" data-testid="connection">
        {busy && <p className={classes.about}>{t('connect.testing')}</p>}
        {answer && <Answered answer={answer} />}
        {!answer && !problem && !busy && <p className={classes.about}>{t('connect.reads')}</p>}
      </div>
      {problem && <ErrorNotice report={problem} />}
      <DialogFoot
        test={{ label: t('connect.test'), busy: test.running, onClick: ask }}
        submit={{ label: t('connect.connect'), busy: connection.running }}
        lacks={lack === null ? null : t(`connect.lacks.${lack}`)}
        onCancel={close}
      />
    </form>
  );
}

/** What the server holds, and how well the line to it is kept. */
function Answered({ answer }: { answer: ServerAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { product, generation, patients, files, studies, is_encrypted: isEncrypted } = answer;
  const holds =
    generation === null
      ? [t('connect.answer.studies', { count: studies, n: format.count(studies) })]
      : [
          t('connect.answer.registry', { generation }),
          t('connect.answer.patients', { count: patients, n: format.count(patients) }),
          t('connect.answer.files', { count: files, n: format.count(files) }),
        ];
  return (
    <div className={classes.answer}>
      <IconCircleCheck size={16} stroke={1.75} aria-hidden />
      <div>
        <p>
          <strong>{t('connect.answer.works', { product })}</strong>
        </p>
        <p>{holds.join(' · ')}</p>
        <p className={classes.about}>
          {isEncrypted ? t('connect.answer.encrypted') : t('connect.answer.plain')}
        </p>
      </div>
    </div>
  );
}
