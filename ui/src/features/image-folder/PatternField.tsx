import { TextInput } from '@mantine/core';
import { useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { SuggestedPattern } from '../../bindings/SuggestedPattern';
import { useErrorWords } from '../../errors/words';
import classes from './ImageFolder.module.css';

/** What can stand in a pattern, as it is written there. */
const NAMES = {
  project: '{project}',
  folder: '{folder}',
  patient: '{patient}',
  kind: '{kind}',
  modality: '{modality}',
  subtype: '{subtype}',
  any: '{*}',
} as const;

interface Props {
  pattern: string;
  /** Why it is none. */
  problem: ErrorReport | null;
  suggested: readonly SuggestedPattern[];
  /** How many images were looked at. */
  images: number;
  onChange: (pattern: string) => void;
}

/** A pattern, typed or put together from what paths tell, or taken from those that fit. */
export function PatternField({ pattern, problem, suggested, images, onChange }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useErrorWords();
  const field = useRef<HTMLInputElement>(null);
  // Where the caret goes once the pattern that was put together is in the field.
  const caret = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current?.focus();
    field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [pattern]);
  const add = (name: string) => {
    const start = field.current?.selectionStart ?? pattern.length;
    const end = field.current?.selectionEnd ?? start;
    caret.current = start + name.length;
    onChange(pattern.slice(0, start) + name + pattern.slice(end));
  };
  const said = problem && words(problem);
  return (
    <div className={classes.pattern}>
      <TextInput
        ref={field}
        data-testid="pattern"
        label={t('imageFolder.pattern')}
        description={t('imageFolder.patternAbout')}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        classNames={{ input: classes.mono ?? '' }}
        spellCheck={false}
        autoComplete="off"
        value={pattern}
        error={said && (said.exact ?? said.message)}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <div className={classes.chips}>
        {(Object.keys(NAMES) as (keyof typeof NAMES)[]).map((name) => (
          <button
            key={name}
            type="button"
            className={classes.chip}
            title={t(`imageFolder.names.${name}`)}
            aria-label={t('imageFolder.add', { name: NAMES[name], about: t(`imageFolder.names.${name}`) })}
            onClick={() => add(NAMES[name])}
          >
            {NAMES[name]}
          </button>
        ))}
      </div>
      {suggested.length > 0 && (
        <div className={classes.suggested} role="group" aria-label={t('imageFolder.suggested')}>
          <span className={classes.about}>{t('imageFolder.suggested')}</span>
          <div className={classes.chips}>
            {suggested.map((each) => (
              <button
                key={each.pattern}
                type="button"
                className={classes.chip}
                aria-pressed={each.pattern === pattern}
                onClick={() => onChange(each.pattern)}
              >
                {each.pattern}{' '}
                <span className={classes.share}>
                  {t('imageFolder.ofAll', { n: format.count(each.fitting), of: format.count(images) })}
                </span>
              </button>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
