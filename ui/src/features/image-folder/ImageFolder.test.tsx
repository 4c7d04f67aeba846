import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';

import { App } from '../../app/App';
import type { ImageFolderChoice } from '../../bindings/ImageFolderChoice';
import type { ImageFolderPreview } from '../../bindings/ImageFolderPreview';
import type { ImageFolderState } from '../../bindings/ImageFolderState';
import type { JobProgress } from '../../bindings/JobProgress';
import type { PreviewedFile } from '../../bindings/PreviewedFile';
import { HostError } from '../../host/types';
import { axeViolations } from '../../test/axe';
import { makeFakeHost } from '../../test/fakeHost';
import { openRegistry, PREFERENCES, settingsView, startup } from '../../test/fixtures';

const CHOICE: ImageFolderChoice = {
  folder: 'f1',
  name: 'Jaws 2024',
  path: '/data/Jaws 2024',
  pattern: 'auto',
  known: false,
  hashes: true,
};

function file(change: Partial<PreviewedFile> = {}): PreviewedFile {
  return {
    path: 'P1/raw/scan.stl',
    format: 'stl',
    fits: true,
    project: 'jaws',
    folder: '',
    patient: 'P1',
    modality: 'mesh',
    kind: 'raw',
    ...change,
  };
}

function preview(change: Partial<ImageFolderPreview> = {}): ImageFolderPreview {
  const files = [file(), file({ path: 'loose.stl', fits: false, patient: '' })];
  return {
    files,
    fitting: 1,
    more: true,
    suggested: [{ pattern: '{patient}/{kind}/{*}', fitting: 1 }],
    ...change,
  };
}

function state(change: Partial<ImageFolderState> = {}): ImageFolderState {
  return { pattern: 'auto', files: 400, hashed: 120, hashes: true, running: true, problem: null, ...change };
}

const PROGRESS: JobProgress = {
  phase: 'verifying',
  files_done: 120,
  files_total: 400,
  bytes_done: 5_000_000_000,
  bytes_total: 20_000_000_000,
  bytes_per_second: null,
  seconds_left: null,
  current: null,
  stalled: false,
};

function begin(language = 'en') {
  document.title = 'Sheaf'; // index.html has it
  const host = makeFakeHost({
    exports: () => ({ exports: [] }),
    running_tasks: () => ({ tasks: [] }),
    start: () => startup({ preferences: { ...PREFERENCES, language } }),
    recent_registries: () => ({ recent: [] }),
    choose_image_folder: () => CHOICE,
    preview_image_folder: ({ pattern }) => {
      if (pattern.includes('{pateint}'))
        throw new HostError({
          code: 'USAGE',
          message: 'The pattern cannot be read: {pateint} is no name.',
          hint: '',
          details: [],
        });
      return pattern === 'auto' ? preview({ fitting: 2 }) : preview();
    },
    index_image_folder: () => openRegistry({ name: 'Jaws 2024' }),
  });
  render(<App host={host} />);
  return { host, user: userEvent.setup() };
}

async function openDialog(user: ReturnType<typeof userEvent.setup>) {
  await user.click(await screen.findByTestId('open-folder'));
  return screen.findByRole('dialog');
}

describe('a folder of images', () => {
  it('is tried in the known ways and with a pattern, and read as it is said', async () => {
    const { host, user } = begin();
    const dialog = await openDialog(user);
    expect(dialog).toHaveTextContent('Jaws 2024');
    expect(await within(dialog).findByRole('rowheader', { name: 'loose.stl' })).toBeVisible();
    expect(
      within(dialog).getByText(/2 images from all over the folder · 1 has no patient yet/),
    ).toBeVisible();
    expect(within(dialog).queryByRole('columnheader', { name: 'Fits' })).not.toBeInTheDocument();

    await user.click(within(dialog).getByText('By a pattern'));
    const field = within(dialog).getByRole('textbox', { name: 'Pattern' });
    expect(field).toHaveValue('{patient}/{kind}/{*}');
    expect(await within(dialog).findByText(/the pattern fits 1 of them/)).toBeVisible();
    const row = within(dialog).getByRole('row', { name: /loose\.stl/ });
    expect(within(row).getByText('Does not fit')).toBeInTheDocument();
    await user.clear(field);
    await user.click(within(dialog).getByRole('button', { name: /^Add {project}/ }));
    await user.type(field, '/{{patient}/{{*}');
    expect(field).toHaveValue('{project}/{patient}/{*}');
    expect(await axeViolations()).toEqual([]);

    await user.click(within(dialog).getByRole('checkbox', { name: /Compute checksums/ }));
    await user.click(within(dialog).getByRole('button', { name: 'Index folder' }));
    expect(await screen.findByRole('button', { name: /^Registry Jaws 2024/ })).toBeVisible();
    const said = { folder: 'f1', pattern: '{project}/{patient}/{*}', hashes: false };
    expect(host.calls.find(({ command }) => command === 'index_image_folder')?.input).toEqual(said);
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  });

  it('tells what is wrong with a pattern at its field, and keeps the last good preview', async () => {
    const { host, user } = begin();
    const dialog = await openDialog(user);
    await user.click(within(dialog).getByText('By a pattern'));
    const field = within(dialog).getByRole('textbox', { name: 'Pattern' });
    await within(dialog).findByText(/the pattern fits 1 of them/);
    await user.clear(field);
    await user.type(field, '{{pateint}/{{*}');
    expect(await within(dialog).findByText(/{pateint} is no name/)).toBeVisible();
    expect(field).toBeInvalid();
    expect(within(dialog).getByRole('table')).toHaveAttribute('data-stale', 'true');
    await user.click(within(dialog).getByRole('button', { name: 'Index folder' }));
    expect(host.calls.some(({ command }) => command === 'index_image_folder')).toBe(false);
    // Each key is not a question: what was typed in one go is tried at its end.
    const asked = host.calls.filter(({ command }) => command === 'preview_image_folder');
    expect(asked.length).toBeLessThan(8);
  });

  it('shows only what was asked last, however late answers come', async () => {
    const { host, user } = begin();
    const dialog = await openDialog(user);
    await within(dialog).findByRole('rowheader', { name: 'loose.stl' });
    let late: ((made: ImageFolderPreview) => void) | undefined;
    host.answer({
      preview_image_folder: ({ pattern }) =>
        pattern.startsWith('{folder}')
          ? preview({ files: [file({ path: 'newest.stl' })] })
          : new Promise((resolve) => {
              late = resolve;
            }),
    });
    await user.click(within(dialog).getByText('By a pattern'));
    await waitFor(() => expect(late).toBeDefined());
    const field = within(dialog).getByRole('textbox', { name: 'Pattern' });
    await user.clear(field);
    await user.type(field, '{{folder}/{{patient}/{{*}');
    expect(await within(dialog).findByRole('rowheader', { name: 'newest.stl' })).toBeVisible();
    late?.(preview({ files: [file({ path: 'late.stl' })] }));
    await Promise.resolve();
    expect(within(dialog).queryByRole('rowheader', { name: 'late.stl' })).not.toBeInTheDocument();
  });

  it('asks in Italian too', async () => {
    const { user } = begin('it');
    const dialog = await openDialog(user);
    expect(within(dialog).getByRole('button', { name: 'Indicizza la cartella' })).toBeVisible();
    await user.click(within(dialog).getByText('Con uno schema'));
    expect(await within(dialog).findByText(/lo schema corrisponde a 1/)).toBeVisible();
    expect(await axeViolations()).toEqual([]);
  });

  it('shows why it could not be read, and keeps what was said', async () => {
    const { host, user } = begin();
    host.answer({
      index_image_folder: () => {
        throw new HostError({ code: 'NO_SPACE', message: 'The disk is full.', hint: '', details: [] });
      },
    });
    const dialog = await openDialog(user);
    await within(dialog).findByRole('rowheader', { name: 'loose.stl' });
    await user.click(within(dialog).getByRole('button', { name: 'Index folder' }));
    expect(await within(dialog).findByRole('alert')).toHaveTextContent('The disk is full.');
    await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(screen.getByTestId('first-run')).toBeVisible();
  });

  it('tells how far its checksums are, and stops and computes them', async () => {
    const { host, user } = begin();
    host.answer({
      start: () => startup({ registry: openRegistry({ name: 'Jaws 2024' }) }),
      image_folder: () => state(),
      want_hashes: ({ wanted }) => state({ hashes: wanted, running: wanted, hashed: 130 }),
      rechoose_image_folder: () => ({ ...CHOICE, known: true, pattern: '{patient}/{*}' }),
      settings: () => settingsView(),
      data_roots: () => ({ roots: [] }),
    });
    await user.click(await screen.findByRole('link', { name: 'Settings' }));
    expect(await screen.findByText(/Known of 120 of 400 files · Being computed/)).toBeVisible();
    host.tell({ type: 'task', task: 'hashes', progress: PROGRESS });
    expect(await screen.findByText('Checksums: 120 of 400 files')).toBeVisible();
    expect(screen.getByText('5 GB of 20 GB')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Stop computing checksums' }));
    expect(await screen.findByText(/^Known of 130 of 400 files$/)).toBeVisible();
    expect(screen.queryByText(/^Checksums: /)).not.toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Compute the others' }));
    expect(await screen.findByText(/Being computed in the background/)).toBeVisible();
    host.answer({ image_folder: () => state({ running: false, hashed: 400 }) });
    host.tell({ type: 'hashes_ended' });
    expect(await screen.findByText('Known of all 400 files')).toBeVisible();

    await user.click(screen.getByRole('button', { name: 'How paths are read…' }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByRole('textbox', { name: 'Pattern' })).toHaveValue('{patient}/{*}');
    expect(within(dialog).getByRole('button', { name: 'Read anew' })).toBeVisible();
  });
});
