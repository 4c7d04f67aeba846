import { Button, SegmentedControl } from '@mantine/core';
import { IconFolder } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { closeFolderQuestion } from '../../api/imageFolder';
import { useRegistry } from '../../api/registry';
import { wasCancelled } from '../../api/useTask';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { ImageFolderChoice } from '../../bindings/ImageFolderChoice';
import { Check } from '../../components/Check';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { PatternField } from './PatternField';
import { PreviewTable } from './PreviewTable';
import { usePreview } from './usePreview';
import classes from './ImageFolder.module.css';

/** The ways that are known, in place of a pattern. */
const AUTO = 'auto';
/** Where nothing fits yet, somebody begins here. */
const BEGINNING = '{patient}/{*}';

/** What was said of the folder. */
export interface Said {
  auto: boolean;
  /** Empty: not said yet. */
  pattern: string;
  hashes: boolean;
  problem: ErrorReport | null;
}

interface Props {
  choice: ImageFolderChoice;
  /** As of before the form gave way; nothing yet. */
  said: Said | null;
  onSaid: (said: Said) => void;
}

/** How the paths of a folder are read, and what that makes of some of its images. */
export function FolderForm({ choice, said, onSaid }: Props) {
  const { t } = useTranslation();
  const registry = useRegistry();
  const [busy, setBusy] = useState(false);
  const auto = choice.pattern === AUTO;
  const now: Said = said ?? {
    auto,
    pattern: auto ? '' : choice.pattern,
    hashes: choice.hashes,
    problem: null,
  };
  const change = (part: Partial<Said>) => onSaid({ ...now, problem: null, ...part });
  const pattern = now.auto ? AUTO : now.pattern;
  const tried = usePreview(choice.folder, pattern);
  const suggested = tried.preview?.suggested ?? [];
  // What the pattern lacks is said at its field, anything else above the table.
  const isOfPattern = tried.problem?.code === 'USAGE';

  const index = () => {
    if (busy || tried.problem !== null) return;
    setBusy(true);
    registry
      .indexFolder({ folder: choice.folder, pattern, hashes: now.hashes })
      .then(
        () => closeFolderQuestion(true),
        (error: unknown) => change({ problem: wasCancelled(error) ? null : reportOf(error) }),
      )
      .finally(() => setBusy(false));
  };
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        index();
      }}
    >
      <div className={classes.folder}>
        <IconFolder size={20} stroke={1.6} aria-hidden />
        <span className={classes.folderText}>
          <span className={`name ${classes.folderName ?? ''}`}>{choice.name}</span>
          <span className={`selectable ${classes.path ?? ''}`} title={choice.path}>
            {choice.path}
          </span>
        </span>
      </div>
      {choice.known && <p className={classes.about}>{t('imageFolder.known')}</p>}
      <SegmentedControl
        className={classes.ways ?? ''}
        aria-label={t('imageFolder.how')}
        data-autofocus
        value={now.auto ? 'auto' : 'pattern'}
        onChange={(way) =>
          change({
            auto: way === 'auto',
            pattern: now.pattern === '' ? (suggested[0]?.pattern ?? BEGINNING) : now.pattern,
          })
        }
        data={[
          { value: 'auto', label: t('imageFolder.auto') },
          { value: 'pattern', label: t('imageFolder.byPattern') },
        ]}
      />
      {now.auto ? (
        <p className={classes.about}>{t('imageFolder.autoAbout')}</p>
      ) : (
        <PatternField
          pattern={now.pattern}
          problem={isOfPattern ? tried.problem : null}
          suggested={suggested}
          images={tried.preview?.files.length ?? 0}
          onChange={(next) => change({ pattern: next })}
        />
      )}
      {tried.problem && !isOfPattern && (
        <ErrorNotice
          report={tried.problem}
          action={{ label: t('common.retry'), onClick: () => tried.again() }}
        />
      )}
      <PreviewTable
        preview={tried.preview}
        stale={tried.stale}
        waiting={tried.problem === null}
        auto={now.auto}
      />
      {now.problem && <ErrorNotice report={now.problem} />}
      <div className={classes.foot}>
        <div className={classes.hashes}>
          <Check checked={now.hashes} onChange={(hashes) => change({ hashes })}>
            {t('imageFolder.hashes')}
          </Check>
          <p className={classes.hashesAbout}>{t('imageFolder.hashesAbout')}</p>
        </div>
        <Button variant="default" onClick={() => closeFolderQuestion(false)}>
          {t('common.cancel')}
        </Button>
        <Button
          type="submit"
          loading={busy}
          data-disabled={tried.problem !== null || undefined}
          aria-disabled={tried.problem !== null}
        >
          {choice.known ? t('imageFolder.indexAnew') : t('imageFolder.index')}
        </Button>
      </div>
    </form>
  );
}
