import type { TFunction } from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../app/FormatContext';
import type { Format } from '../format/format';
import { errors } from './strings.en';

/** An error as Rust tells it, of an export as of a command. */
export interface Told {
  code: string;
  message: string;
  hint: string;
}

/** An error in the words of the window. */
export interface ErrorWords {
  /** What happened. */
  message: string;
  /** The exact sentence, in English, where `message` says it in another language. */
  exact: string | null;
  /** What helps; empty where there is nothing to say. */
  hint: string;
}

/** Options of the command line, commands to type, keys of a file: not for somebody who looks at a window. */
const FOR_TYPING = /(^|[\s`(])--?[a-z]|`|SHEAF_|\b[a-z]+(_[a-z]+)+\b/;

function sayWhat(code: string, t: TFunction): string | null {
  return code in errors.what ? t(`errors.what.${code as keyof typeof errors.what}`) : null;
}

/** The cause of a problem with one file, in a word or two; the code where there is none. */
export function causeWord(code: string, t: TFunction): string {
  return code in errors.ofFile ? t(`errors.ofFile.${code as keyof typeof errors.ofFile}`) : code;
}

/** Whether the sentences that Rust writes are in the language of the window. */
export function isOfRust(t: TFunction): boolean {
  return t('errors.ofRust') === 'yes';
}

function sayNext(code: string, t: TFunction): string | null {
  return code in errors.next ? t(`errors.next.${code as keyof typeof errors.next}`) : null;
}

/** Sizes and large numbers as people write them. Sizes that would look alike are told to the byte. */
export function readable(sentence: string, format: Format): string {
  const sizes = [...sentence.matchAll(/\b(\d+) bytes\b/g)].map(([, digits]) => Number(digits));
  const alike = new Set(sizes.map((size) => format.bytes(size))).size < new Set(sizes).size;
  return sentence.replace(/\b(\d+) bytes\b/g, (_, digits: string) =>
    alike ? format.exactBytes(Number(digits)) : format.bytes(Number(digits)),
  );
}

/** Codes whose sentences compare sizes. Those about single files keep their exact bytes. */
const OF_SIZES = new Set(['NO_SPACE', 'LIMIT_EXCEEDED', 'QUOTA_EXCEEDED', 'ARCHIVE_TOO_LARGE']);

/** Says an error in the language of the window; what Rust wrote stands beside it where that is another. */
export function errorWords(told: Told, t: TFunction, format: Format): ErrorWords {
  const sentence = OF_SIZES.has(told.code) ? readable(told.message, format) : told.message;
  const what = sayWhat(told.code, t);
  const native = isOfRust(t);
  const own = native || what === null;
  const next = sayNext(told.code, t);
  const typed = FOR_TYPING.test(told.hint);
  return {
    message: own && sentence !== '' ? sentence : (what ?? told.code),
    exact: own || sentence === '' ? null : sentence,
    hint: told.hint === '' || (!typed && native) ? told.hint : (next ?? (typed ? '' : told.hint)),
  };
}

/** Says errors in the words of the window. */
export function useErrorWords(): (told: Told) => ErrorWords {
  const { t } = useTranslation();
  const format = useFormat();
  return useCallback((told) => errorWords(told, t, format), [t, format]);
}
