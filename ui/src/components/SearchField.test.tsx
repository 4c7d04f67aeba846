import { MantineProvider } from '@mantine/core';
import { createEvent, fireEvent, render, screen } from '@testing-library/react';
import { createRef } from 'react';
import { I18nextProvider } from 'react-i18next';
import { expect, it, vi } from 'vitest';

import { makeI18n } from '../i18n';
import { SearchField } from './SearchField';

it('leaves the keys of an input method to it', () => {
  const onLeave = vi.fn();
  const onText = vi.fn();
  render(
    <MantineProvider env="test">
      <I18nextProvider i18n={makeI18n('en')}>
        <SearchField
          ref={createRef()}
          testId="search"
          label="Search"
          placeholder=""
          clear="Clear"
          text="腦"
          onText={onText}
          onLeave={onLeave}
        />
      </I18nextProvider>
    </MantineProvider>,
  );
  const field = screen.getByTestId('search');
  for (const key of ['Enter', 'Escape', 'ArrowDown']) {
    const event = createEvent.keyDown(field, { key, isComposing: true });
    fireEvent(field, event);
    expect(event.defaultPrevented).toBe(false);
  }
  expect(onLeave).not.toHaveBeenCalled();
  expect(onText).not.toHaveBeenCalled();
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(onLeave).toHaveBeenCalledOnce();
});
