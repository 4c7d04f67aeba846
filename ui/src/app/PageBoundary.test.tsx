import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { I18nextProvider } from 'react-i18next';
import { expect, it, vi } from 'vitest';

import { makeI18n } from '../i18n';
import { PageBoundary } from './PageBoundary';

it('keeps a page that breaks from taking the window with it, and tries again when asked', async () => {
  let broken = true;
  const Page = () => {
    if (broken) throw new Error('broken');
    return <p>the page</p>;
  };
  const quiet = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  render(
    <MantineProvider env="test">
      <I18nextProvider i18n={makeI18n('en')}>
        <nav>the frame</nav>
        <PageBoundary>
          <Page />
        </PageBoundary>
      </I18nextProvider>
    </MantineProvider>,
  );
  quiet.mockRestore();
  expect(screen.getByText('the frame')).toBeInTheDocument();
  expect(screen.getByRole('alert')).toHaveTextContent('Running exports go on');
  broken = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(screen.getByText('the page')).toBeInTheDocument();
});
