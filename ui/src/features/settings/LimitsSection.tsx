import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { keys } from '../../api/keys';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { LimitsInput } from '../../bindings/LimitsInput';
import type { LimitsView } from '../../bindings/LimitsView';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { useErrorWords } from '../../errors/words';
import { useHost } from '../../host/context';
import { fieldOf, formOf, inputOf, LIMITS, reasonOf, type LimitsForm } from './limits';
import { Row } from './Row';
import classes from './SettingsPage.module.css';

/** What went wrong, and at which field. */
interface Refusal {
  field: keyof LimitsInput | null;
  report: ErrorReport;
}

/** The limits as text, as people write them. Rust judges; nothing is kept until all of it is right. */
export function LimitsSection({ limits }: { limits: LimitsView }) {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const id = useId();
  const inForce = formOf(limits);
  // Only what was typed: the rest follows what is in force.
  const [typed, setTyped] = useState<Partial<LimitsForm>>({});
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState(false);
  const form = { ...inForce, ...typed };
  const dirty = LIMITS.some((field) => form[field] !== inForce[field]);

  const refuse = (refused: Refusal) => {
    setRefusal(refused);
    if (refused.field) document.getElementById(`${id}-${refused.field}`)?.focus();
  };
  const save = async () => {
    setSaved(false);
    setRefusal(null);
    const input = inputOf(form);
    if (!input) {
      refuse({
        field: 'concurrent_jobs',
        report: {
          code: 'SETTINGS_INVALID',
          message: t('settings.limits.jobsInvalid'),
          hint: '',
          details: [],
        },
      });
      return;
    }
    setBusy(true);
    try {
      client.setQueryData(keys.settings, await host.call('set_limits', input));
      // The reserve and the limits count in what the destination can take, and in how long a table may be.
      void client.invalidateQueries({ queryKey: keys.destination });
      void client.invalidateQueries({ queryKey: keys.studies });
      setTyped({});
      setSaved(true);
    } catch (error) {
      const report = reportOf(error);
      refuse({ field: fieldOf(report), report });
    } finally {
      setBusy(false);
    }
  };

  const words = useErrorWords();
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <p className={classes.lead}>{t('settings.limits.about')}</p>
      {LIMITS.map((field) => {
        const wrong = refusal?.field === field ? refusal.report : null;
        return (
          <Row
            key={field}
            label={t(`settings.limits.${field}`)}
            about={t(`settings.limits.${field}_about`)}
            id={`${id}-${field}-row`}
            htmlFor={`${id}-${field}`}
          >
            <TextInput
              id={`${id}-${field}`}
              className={classes.limit}
              size="xs"
              aria-describedby={`${id}-${field}-row-about`}
              value={form[field]}
              placeholder={
                field === 'concurrent_jobs' || field === 'free_space_reserve'
                  ? undefined
                  : t('settings.limits.unlimited')
              }
              autoComplete="off"
              spellCheck={false}
              error={
                wrong && (
                  <>
                    {reasonOf(wrong, field)}
                    {words(wrong).hint !== '' && <span className={classes.block}>{words(wrong).hint}</span>}
                  </>
                )
              }
              onChange={(event) => {
                const { value } = event.currentTarget;
                setTyped((now) => ({ ...now, [field]: value }));
                setSaved(false);
                if (refusal?.field === field) setRefusal(null);
              }}
            />
          </Row>
        );
      })}
      {refusal?.field === null && <ErrorNotice report={refusal.report} />}
      <div className={classes.actions}>
        <span role="status" className={classes.dim}>
          {saved ? t('settings.limits.saved') : dirty ? t('settings.limits.unsaved') : ''}
        </span>
        <Button
          variant="default"
          disabled={!dirty || busy}
          onClick={() => {
            setTyped({});
            setRefusal(null);
          }}
        >
          {t('settings.limits.revert')}
        </Button>
        <Button type="submit" disabled={!dirty} loading={busy}>
          {t('settings.limits.save')}
        </Button>
      </div>
    </form>
  );
}
