import { Modal, PasswordInput, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { BucketForm } from '../../bindings/BucketForm';
import type { DataRoots } from '../../bindings/DataRoots';
import type { DataRootView } from '../../bindings/DataRootView';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { RootCheck } from '../../bindings/RootCheck';
import { Check } from '../../components/Check';
import { DialogFoot } from '../../components/DialogFoot';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { toastReport } from '../../components/toast';
import { useHost } from '../../host/context';
import { Checked } from './DataRoots';
import classes from '../../components/DialogForm.module.css';

const EMPTY: BucketForm = { bucket: '', prefix: '', endpoint: '', region: '', path_style: null };

interface Props {
  root: DataRootView;
  onClose: () => void;
  onUsed: (roots: DataRoots) => void;
}

/** Says in which bucket files lie, with the key to it; looks for some of them there. */
export function BucketDialog(props: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={t('settings.registries.bucket.title')}
      size={560}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Fields {...props} />
    </Modal>
  );
}

function Fields({ root, onClose, onUsed }: Props) {
  const { t } = useTranslation();
  const host = useHost();
  const latest = useRef(0);
  const [bucket, setBucket] = useState<BucketForm>(root.bucket ?? EMPTY);
  const [keyId, setKeyId] = useState('');
  const [secret, setSecret] = useState('');
  const [keep, setKeep] = useState(false);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState<'test' | 'use' | null>(null);
  const [check, setCheck] = useState<RootCheck | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);

  const changed = () => {
    latest.current += 1;
    setCheck(null);
    setProblem(null);
  };
  const change = (part: Partial<BucketForm>) => {
    changed();
    setBucket((now) => ({ ...now, ...part }));
  };
  const lack =
    bucket.bucket.trim() === '' ? 'bucket' : (keyId.trim() === '') !== (secret === '') ? 'secret' : null;
  const said = { id: root.id, bucket, key: secret === '' ? null : { id: keyId, secret } };

  const test = () => {
    setTried(true);
    if (lack !== null || busy !== null) return;
    changed();
    const turn = latest.current;
    setBusy('test');
    host
      .call('test_bucket', said)
      .then(
        (found) => {
          if (latest.current === turn) setCheck(found);
        },
        (error: unknown) => {
          if (latest.current === turn) setProblem(reportOf(error));
        },
      )
      .finally(() => setBusy(null));
  };
  const use = () => {
    setTried(true);
    if (lack !== null || busy !== null) return;
    setBusy('use');
    host
      .call('use_bucket', { ...said, keep_key: keep && said.key !== null })
      .then(
        ({ roots, not_kept: notKept }) => {
          if (notKept) toastReport(notKept, { id: 'bucket-key', tone: 'warn' });
          onUsed(roots);
        },
        (error: unknown) => setProblem(reportOf(error)),
      )
      .finally(() => setBusy(null));
  };
  const known = root.bucket === null ? '' : t('settings.registries.bucket.known');
  return (
    <form
      className={classes.stack}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        use();
      }}
    >
      <p className={classes.about}>{t('settings.registries.bucket.about')}</p>
      <div className={classes.fields}>
        <div className={classes.pair}>
          <TextInput
            data-autofocus
            label={t('settings.registries.bucket.name')}
            error={tried && lack === 'bucket'}
            spellCheck={false}
            autoComplete="off"
            value={bucket.bucket}
            onChange={(event) => change({ bucket: event.currentTarget.value })}
          />
          <TextInput
            label={t('settings.registries.bucket.prefix')}
            placeholder={t('settings.registries.bucket.prefixSuch')}
            spellCheck={false}
            autoComplete="off"
            value={bucket.prefix}
            onChange={(event) => change({ prefix: event.currentTarget.value })}
          />
        </div>
        <TextInput
          label={t('settings.registries.bucket.endpoint')}
          placeholder={t('settings.registries.bucket.endpointSuch')}
          spellCheck={false}
          autoComplete="off"
          value={bucket.endpoint}
          onChange={(event) => change({ endpoint: event.currentTarget.value })}
        />
        <TextInput
          label={t('settings.registries.bucket.region')}
          placeholder="us-east-1"
          spellCheck={false}
          autoComplete="off"
          value={bucket.region}
          onChange={(event) => change({ region: event.currentTarget.value })}
        />
        <div className={classes.pair}>
          <TextInput
            label={t('settings.registries.bucket.keyId')}
            placeholder={known}
            spellCheck={false}
            autoComplete="off"
            value={keyId}
            onChange={(event) => {
              changed();
              setKeyId(event.currentTarget.value);
            }}
          />
          <PasswordInput
            label={t('settings.registries.bucket.secret')}
            error={tried && lack === 'secret'}
            placeholder={known}
            autoComplete="off"
            visibilityToggleButtonProps={{ 'aria-label': t('settings.registries.bucket.showSecret') }}
            value={secret}
            onChange={(event) => {
              changed();
              setSecret(event.currentTarget.value);
            }}
          />
        </div>
      </div>
      <div>
        <Check checked={keep} onChange={setKeep}>
          {t('settings.registries.bucket.keep')}
        </Check>
        <p className={classes.under}>{t('settings.registries.bucket.keepAbout')}</p>
      </div>
      <div>
        <Check
          checked={bucket.path_style === true}
          mixed={bucket.path_style === null}
          onChange={() =>
            // The usual is one of the steps, so that it can be come back to.
            change({ path_style: bucket.path_style === null ? true : bucket.path_style ? false : null })
          }
        >
          {t('settings.registries.bucket.pathStyle')}
        </Check>
        <p className={classes.under}>
          {bucket.path_style === null
            ? t('settings.registries.bucket.pathStyleUsual')
            : t('settings.registries.bucket.pathStyleAbout')}
        </p>
      </div>
      <div className={classes.result} aria-live="polite" data-testid="bucket-test">
        {busy === 'test' && <span className={classes.about}>{t('settings.registries.checking')}</span>}
        {check && <Checked check={check} />}
      </div>
      {problem && <ErrorNotice report={problem} />}
      <DialogFoot
        test={{ label: t('settings.registries.bucket.test'), busy: busy === 'test', onClick: test }}
        submit={{ label: t('settings.registries.bucket.use'), busy: busy === 'use' }}
        lacks={lack === null ? null : t(`settings.registries.bucket.lacks.${lack}`)}
        onCancel={onClose}
      />
    </form>
  );
}
