import { ActionIcon, Button, Group, Modal, Popover, Radio, Stack, TextInput } from '@mantine/core';
import { IconBookmark, IconChevronUp, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useCommands } from '../../app/commands';
import { useFormat } from '../../app/FormatContext';
import { useUndoOf } from '../../api/browse';
import { keys } from '../../api/keys';
import type { BrowseState } from '../../bindings/BrowseState';
import type { Cohort } from '../../bindings/Cohort';
import type { Cohorts } from '../../bindings/Cohorts';
import type { ErrorReport } from '../../bindings/ErrorReport';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { Moment } from '../../components/Moment';
import { toast, toastError } from '../../components/toast';
import { useHost } from '../../host/context';
import { filterOf, narrows } from './filter';
import { useActs } from './useActs';
import classes from './CohortMenu.module.css';

/** Saved cohorts: apply, delete, save a new one. */
export function CohortMenu({ state }: { state: BrowseState }) {
  const { t } = useTranslation();
  const host = useHost();
  const client = useQueryClient();
  const { act } = useActs();
  const [opened, setOpened] = useState(false);
  const [saving, setSaving] = useState(false);
  const undoOf = useUndoOf();
  const [asked, setAsked] = useState<string | null>(null);
  useCommands(
    useMemo(() => {
      const group = t('common.pages.newExport');
      return [
        {
          id: 'save-cohort',
          group,
          label: t('newExport.cohorts.save'),
          icon: IconBookmark,
          run: () => setSaving(true),
        },
        {
          id: 'cohorts',
          group,
          label: t('newExport.cohorts.title'),
          icon: IconBookmark,
          run: () => setTimeout(() => setOpened(true)),
        },
      ];
    }, [t]),
  );
  const cohorts = useQuery({
    queryKey: keys.cohorts,
    queryFn: () => host.call('cohorts', {}),
    enabled: opened,
    staleTime: 0,
  });

  const apply = async (cohort: Cohort) => {
    setOpened(false);
    const applied = await act('patients', 'apply_cohort', { id: cohort.id });
    if (!applied) return;
    const { missing } = applied;
    toast({
      id: 'cohort',
      message: t('newExport.cohorts.applied', { name: cohort.name }),
      ...(missing > 0
        ? { tone: 'warn' as const, detail: t('newExport.cohorts.missing', { count: missing, n: missing }) }
        : {}),
      action: {
        label: t('common.undo'),
        onClick: () =>
          void undoOf(applied.state)
            .then((undone) => undone || toast({ message: t('common.undoLate'), tone: 'warn' }))
            .catch(toastError),
      },
    });
  };
  const remove = (cohort: Cohort) => {
    setAsked(null);
    host.call('delete_cohort', { id: cohort.id }).then(
      (left) => client.setQueryData<Cohorts>(keys.cohorts, left),
      (error: unknown) => toastError(error),
    );
  };

  return (
    <>
      <Button
        variant="default"
        leftSection={<IconBookmark size={14} stroke={1.75} aria-hidden />}
        onClick={() => setSaving(true)}
      >
        {t('newExport.cohorts.save')}
      </Button>
      <Popover
        opened={opened}
        onChange={setOpened}
        position="top-start"
        width={340}
        shadow="sm"
        trapFocus
        returnFocus
      >
        <Popover.Target>
          <Button
            variant="subtle"
            color="gray"
            aria-haspopup="dialog"
            aria-expanded={opened}
            rightSection={<IconChevronUp size={12} stroke={2} aria-hidden />}
            onClick={() => setOpened((before) => !before)}
          >
            {t('newExport.cohorts.open')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={8} aria-label={t('newExport.cohorts.title')}>
          {cohorts.isError && <ErrorNotice report={reportOf(cohorts.error)} />}
          {cohorts.data?.cohorts.length === 0 && (
            <p className={classes.hint} tabIndex={-1} data-autofocus>
              {t('newExport.cohorts.none')}
            </p>
          )}
          <ul className={classes.list}>
            {cohorts.data?.cohorts.map((cohort) => (
              <li key={cohort.id} className={classes.cohort}>
                {asked === cohort.id ? (
                  <div className={classes.confirm}>
                    <span>{t('newExport.cohorts.confirm')}</span>
                    <Group gap={8}>
                      <Button color="red" size="compact-sm" data-autofocus onClick={() => remove(cohort)}>
                        {t('newExport.cohorts.confirmYes')}
                      </Button>
                      <Button variant="default" size="compact-sm" onClick={() => setAsked(null)}>
                        {t('newExport.cohorts.confirmNo')}
                      </Button>
                    </Group>
                  </div>
                ) : (
                  <>
                    <button
                      type="button"
                      className={classes.apply}
                      title={t('newExport.cohorts.apply', { name: cohort.name })}
                      onClick={() => void apply(cohort)}
                    >
                      <CohortLines cohort={cohort} />
                    </button>
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={t('newExport.cohorts.remove', { name: cohort.name })}
                      onClick={() => setAsked(cohort.id)}
                    >
                      <IconTrash size={15} stroke={1.75} aria-hidden />
                    </ActionIcon>
                  </>
                )}
              </li>
            ))}
          </ul>
        </Popover.Dropdown>
      </Popover>
      <Modal
        opened={saving}
        onClose={() => setSaving(false)}
        title={t('newExport.cohorts.saveTitle')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <SaveCohort state={state} onClose={() => setSaving(false)} />
      </Modal>
    </>
  );
}

function CohortLines({ cohort }: { cohort: Cohort }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <span className={classes.first}>
        <span className={`name ${classes.cohortName ?? ''}`}>{cohort.name}</span>
        <span className={classes.kind}>
          {t(cohort.frozen ? 'newExport.cohorts.frozen' : 'newExport.cohorts.rule')}
        </span>
      </span>
      <span className={classes.second}>
        {t('newExport.cohorts.saved', { count: cohort.patients, n: format.count(cohort.patients) })}
        {' · '}
        <Moment time={cohort.saved_at} />
      </span>
      {cohort.rule !== '' && (
        <span className={`name ${classes.second ?? ''}`} title={cohort.rule}>
          {cohort.rule}
        </span>
      )}
    </>
  );
}

function SaveCohort({ state, onClose }: { state: BrowseState; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const client = useQueryClient();
  const rulePossible = narrows(filterOf(state)) && state.filter.among === null;
  const [name, setName] = useState('');
  const [how, setHow] = useState(state.counts.selected > 0 || !rulePossible ? 'frozen' : 'rule');
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  const [busy, setBusy] = useState(false);
  const ready = name.trim() !== '' && (how === 'rule' || state.counts.selected > 0);

  const save = async () => {
    setBusy(true);
    try {
      const saved = await host.call('save_cohort', { name: name.trim(), frozen: how === 'frozen' });
      client.setQueryData<Cohorts>(keys.cohorts, saved);
      toast({ message: t('newExport.cohorts.savedToast', { name: name.trim() }), tone: 'good' });
      onClose();
    } catch (error) {
      setProblem(reportOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !busy) void save();
      }}
    >
      <Stack gap={12}>
        <TextInput
          data-autofocus
          size="xs"
          label={t('newExport.cohorts.name')}
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Radio.Group label={t('newExport.cohorts.kind')} value={how} onChange={setHow}>
          <Stack gap={8} mt={4}>
            <Radio
              size="xs"
              value="frozen"
              disabled={state.counts.selected === 0}
              label={t('newExport.cohorts.saveFrozen', {
                count: state.counts.selected,
                n: format.count(state.counts.selected),
              })}
              description={t('newExport.cohorts.saveFrozenAbout')}
            />
            <Radio
              size="xs"
              value="rule"
              label={t('newExport.cohorts.saveRule')}
              description={
                rulePossible ? t('newExport.cohorts.saveRuleAbout') : t('newExport.cohorts.saveRuleNothing')
              }
            />
          </Stack>
        </Radio.Group>
        {problem && <ErrorNotice report={problem} />}
        <Group justify="flex-end" gap={8}>
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" disabled={!ready} loading={busy}>
            {t('common.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
