import { render, screen } from '@testing-library/react';
import { I18nextProvider } from 'react-i18next';
import { expect, it } from 'vitest';

import { makeI18n } from '../i18n';
import { FileSentence } from './FileSentence';

const said = (language: 'en' | 'it', code: string) => {
  render(
    <I18nextProvider i18n={makeI18n(language)}>
      <FileSentence problem={{ code, message: 'It has 7 bytes in place of 9.' }} />
    </I18nextProvider>,
  );
};

it('is the exact sentence where the window speaks its language', () => {
  said('en', 'SIZE_MISMATCH');
  expect(screen.getByText('It has 7 bytes in place of 9.')).not.toHaveAttribute('lang');
});

it('is the cause elsewhere, with the exact sentence at hand', () => {
  said('it', 'SIZE_MISMATCH');
  expect(screen.getByText('Altra dimensione')).toHaveAttribute('title', 'It has 7 bytes in place of 9.');
});

it('says in which language it is where there is no other', () => {
  said('it', 'FROM_LATER');
  expect(screen.getByText('It has 7 bytes in place of 9.')).toHaveAttribute('lang', 'en');
});
