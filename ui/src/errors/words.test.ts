import { describe, expect, it } from 'vitest';

import { makeFormat } from '../format/format';
import { makeI18n } from '../i18n';
import { errorWords, readable } from './words';

const english = makeI18n('en');
const italian = makeI18n('it');
const en = makeFormat('en');
const told = (code: string, message: string, hint: string) => ({ code, message, hint });

describe('an error', () => {
  it('speaks English as Rust wrote it', () => {
    const report = told('REGISTRY_MISSING', 'There is no registry at /a/b.', 'Open another.');
    expect(errorWords(report, english.t, en)).toEqual({
      message: 'There is no registry at /a/b.',
      exact: null,
      hint: 'Open another.',
    });
  });

  it.each([
    ['NO_SPACE', 'Choose another one, or lower free_space_reserve in the settings.'],
    ['SOURCE_MISSING', 'Leave them out with `--on-missing skip`.'],
    ['HOME_UNUSABLE', 'Name a folder with --home or SHEAF_HOME.'],
    ['QUOTA_EXCEEDED', 'Delete archives (`sheaf exports delete`).'],
  ])('of %s names no option of the command line and no key of a file', (code, hint) => {
    const said = errorWords(told(code, 'It is so.', hint), english.t, en).hint;
    expect(said).not.toBe('');
    expect(said).not.toMatch(/--|`|_/);
  });

  it('is said in the language of the window, with the exact sentence beside it', () => {
    const report = told('REGISTRY_MISSING', 'There is no registry at /a/b.', 'Open another.');
    expect(errorWords(report, italian.t, makeFormat('it'))).toEqual({
      message: 'Il registro non c’è',
      exact: 'There is no registry at /a/b.',
      hint: 'Apri il file dove si trova ora, o collega il suo disco.',
    });
  });

  it('of a code that this page does not know is told as it came', () => {
    const report = told('FROM_THE_FUTURE', 'It broke.', 'Wait.');
    expect(errorWords(report, italian.t, en)).toEqual({
      message: 'It broke.',
      exact: null,
      hint: 'Wait.',
    });
  });

  it('without a sentence is still something', () => {
    expect(errorWords(told('INTERNAL', '', ''), english.t, en).message).toBe('A fault in Sheaf itself');
  });
});

describe('sizes in a sentence', () => {
  const sentence = 'The archive needs up to 482600000000 bytes, but only 37000000000 bytes are free.';

  it('are written as people of the language do', () => {
    expect(readable(sentence, en)).toBe('The archive needs up to 483 GB, but only 37 GB are free.');
    expect(readable('It has 1500 bytes.', makeFormat('it'))).toBe('It has 1,5 kB.');
  });

  it('that would look alike are told to the byte', () => {
    expect(readable('It needs 1000001 bytes, 1000000 bytes are free.', en)).toBe(
      'It needs 1,000,001 B, 1,000,000 B are free.',
    );
  });

  it('of single files stay exact', () => {
    const report = told('SIZE_MISMATCH', 'It has 1234567 bytes, not 1234568 bytes.', '');
    expect(errorWords(report, english.t, en).message).toContain('1234567 bytes');
  });
});
