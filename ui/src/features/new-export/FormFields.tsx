import { ActionIcon, Button, Input, Radio, Stack, Textarea, TextInput, Tooltip } from '@mantine/core';
import { IconFolder, IconRotate2 } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import { ErrorNotice } from '../../components/ErrorNotice';
import { useErrorWords } from '../../errors/words';
import { shortPath } from './shortPath';
import type { ExportForm } from './useExportForm';
import classes from './NewExport.module.css';

/** Bytes of UTF-8 that notes may have. */
const MOST_NOTES = 16 * 1024;

/** Name, destination, notes, and what to do with files that cannot be read. */
export function FormFields({ form }: { form: ExportForm }) {
  const { t } = useTranslation();
  const id = useId();
  const words = useErrorWords();
  const automatic = form.typedName === null;
  const fault =
    form.nameFault !== null
      ? t(`newExport.name.fault.${form.nameFault}`)
      : form.nameProblem
        ? `${words(form.nameProblem).message} ${words(form.nameProblem).hint}`.trim()
        : null;
  const folder = form.destination?.folder ?? null;

  return (
    <div className={classes.form}>
      <TextInput
        size="xs"
        label={t('newExport.name.label')}
        spellCheck={false}
        maxLength={300}
        value={form.typedName ?? form.automaticName}
        error={fault}
        data-automatic={automatic || undefined}
        onChange={(event) => form.setName(event.currentTarget.value)}
        onBlur={() => {
          if (form.typedName === '') form.setName(null);
        }}
        rightSectionWidth={automatic ? 74 : 28}
        rightSection={
          automatic ? (
            <span className={classes.automatic}>{t('newExport.name.automatic')}</span>
          ) : (
            <Tooltip label={t('newExport.name.reset')}>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={t('newExport.name.reset')}
                onClick={() => form.setName(null)}
              >
                <IconRotate2 size={14} stroke={1.75} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )
        }
      />
      <div>
        <Input.Label size="xs" labelElement="div" id={`${id}-label`}>
          {t('newExport.destination.label')}
        </Input.Label>
        <Button
          variant="default"
          fullWidth
          justify="flex-start"
          className={classes.destination}
          leftSection={<IconFolder size={14} stroke={1.75} aria-hidden />}
          rightSection={<span className={classes.dimmed}>{t('newExport.destination.choose')}</span>}
          title={folder ?? undefined}
          id={`${id}-button`}
          aria-labelledby={`${id}-label ${id}-button`}
          onClick={form.chooseDestination}
        >
          <span className="name">
            {folder === null ? t('newExport.destination.chooseFirst') : shortPath(folder)}
          </span>
        </Button>
        {(form.destinationProblem ?? form.destination?.problem) && (
          <div className={classes.inPlace}>
            <ErrorNotice
              report={
                form.destinationProblem ??
                form.destination?.problem ?? { code: '', message: '', hint: '', details: [] }
              }
            />
          </div>
        )}
      </div>
      <Textarea
        size="xs"
        label={t('newExport.notes.label')}
        placeholder={t('newExport.notes.placeholder')}
        rows={2}
        resize="vertical"
        value={form.notes}
        error={new TextEncoder().encode(form.notes).length > MOST_NOTES ? t('newExport.notes.long') : null}
        onChange={(event) => form.setNotes(event.currentTarget.value)}
      />
      <Radio.Group
        size="xs"
        label={t('newExport.missing.label')}
        value={form.skipMissing ? 'skip' : 'fail'}
        onChange={(value) => form.setSkipMissing(value === 'skip')}
      >
        <Stack gap={4} mt={2}>
          <Radio size="xs" value="fail" label={t('newExport.missing.fail')} />
          <Radio size="xs" value="skip" label={t('newExport.missing.skip')} />
        </Stack>
      </Radio.Group>
    </div>
  );
}
