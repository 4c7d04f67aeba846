import { Button, CloseButton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { FileProblem } from '../../bindings/FileProblem';
import { causeWord, isOfRust } from '../../errors/words';
import { countCodes, filterProblems } from './problems';
import { VirtualRows } from './VirtualRows';
import classes from './ProblemList.module.css';

interface Props {
  problems: FileProblem[];
  onSave: () => void;
}

/** Files with a problem: by cause, by text, as CSV. */
export function ProblemList({ problems, onSave }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [code, setCode] = useState<string | null>(null);
  const [typed, setTyped] = useState('');
  const codes = useMemo(() => countCodes(problems), [problems]);
  const shown = useMemo(() => filterProblems(problems, code, typed), [problems, code, typed]);

  const chip = (value: string | null, label: string, count: number) => (
    <button
      key={value ?? ''}
      type="button"
      className={classes.chip}
      aria-pressed={code === value}
      title={value ?? undefined}
      onClick={() => setCode(value)}
    >
      {label} <span className={classes.count}>{format.count(count)}</span>
    </button>
  );

  return (
    <div className={classes.problems}>
      <div className={classes.tools}>
        <TextInput
          size="xs"
          className={classes.find}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder={t('exports.problems.find')}
          aria-label={t('exports.problems.findLabel')}
          leftSection={<IconSearch size={14} stroke={1.75} aria-hidden />}
          rightSection={
            typed === '' ? null : (
              <CloseButton aria-label={t('exports.findClear')} onClick={() => setTyped('')} />
            )
          }
        />
        <Button variant="default" onClick={onSave}>
          {t('exports.problems.save')}
        </Button>
      </div>
      {codes.length > 1 && (
        <div className={classes.chips} role="group" aria-label={t('exports.problems.codes')}>
          {chip(null, t('exports.problems.all'), problems.length)}
          {codes.map((one) => chip(one.code, causeWord(one.code, t), one.count))}
        </div>
      )}
      {shown.length === 0 ? (
        <p className={classes.none}>{t('exports.problems.none')}</p>
      ) : (
        <VirtualRows items={shown} rowHeight={46} maxHeight={276} label={t('exports.problems.list')}>
          {(problem) => (
            <>
              <div className={`name ${classes.path ?? ''}`} title={problem.path}>
                <bdi>{problem.path}</bdi>
              </div>
              <div className={`name ${classes.about ?? ''}`} title={`${problem.message}\n${problem.code}`}>
                <span className={classes.cause} data-omitted={problem.omitted}>
                  {causeWord(problem.code, t)}
                </span>
                {', '}
                {problem.omitted ? t('exports.problems.omitted') : t('exports.problems.included')}
                {' · '}
                {problem.patient === ''
                  ? t('exports.problems.study', { id: problem.file })
                  : t('exports.problems.patient', { id: problem.patient })}
                {' · '}
                <span lang={isOfRust(t) ? undefined : 'en'}>{problem.message}</span>
              </div>
            </>
          )}
        </VirtualRows>
      )}
    </div>
  );
}
