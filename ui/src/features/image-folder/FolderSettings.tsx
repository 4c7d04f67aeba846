import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useImageFolder } from '../../api/imageFolder';
import { keys } from '../../api/keys';
import { useRegistry } from '../../api/registry';
import { useFormat } from '../../app/FormatContext';
import type { ErrorReport } from '../../bindings/ErrorReport';
import type { OpenRegistry } from '../../bindings/OpenRegistry';
import { ErrorNotice, reportOf } from '../../components/ErrorNotice';
import { useHost } from '../../host/context';
import { Row } from '../settings/Row';
import classes from './ImageFolder.module.css';

/** How the paths of the open folder of images are read, and its checksums; nothing where something else is open. */
export function FolderSettings({ registry }: { registry: OpenRegistry }) {
  const { t } = useTranslation();
  const format = useFormat();
  const host = useHost();
  const client = useQueryClient();
  const id = useId();
  const { rereadFolder } = useRegistry();
  const folder = useImageFolder(registry);
  const [busy, setBusy] = useState<'paths' | 'hashes' | null>(null);
  const [problem, setProblem] = useState<ErrorReport | null>(null);
  if (!folder) return null;
  const attempt = (what: 'paths' | 'hashes', run: () => Promise<unknown>) => {
    setBusy(what);
    setProblem(null);
    void run()
      .catch((error: unknown) => setProblem(reportOf(error)))
      .finally(() => setBusy(null));
  };
  const want = (wanted: boolean) => () =>
    host.call('want_hashes', { wanted }).then((state) => client.setQueryData(keys.imageFolder, state));
  const { files, hashed } = folder;
  const isWhole = hashed === files;
  return (
    <>
      <Row
        id={`${id}-paths`}
        label={t('imageFolder.settings.paths')}
        about={
          folder.pattern === 'auto' ? (
            t('imageFolder.auto')
          ) : (
            <code className={classes.mono}>{folder.pattern}</code>
          )
        }
      >
        <Button
          variant="default"
          loading={busy === 'paths'}
          disabled={busy !== null}
          onClick={() => attempt('paths', rereadFolder)}
        >
          {t('imageFolder.settings.change')}
        </Button>
      </Row>
      <Row
        id={`${id}-hashes`}
        label={t('imageFolder.settings.hashes')}
        about={
          <>
            {isWhole
              ? t('imageFolder.settings.all', { count: files, n: format.count(files) })
              : t('imageFolder.settings.some', { n: format.count(hashed), of: format.count(files) })}
            {folder.running && ` · ${t('imageFolder.settings.running')}`}
          </>
        }
      >
        {folder.running ? (
          <Button
            variant="default"
            loading={busy === 'hashes'}
            disabled={busy !== null}
            onClick={() => attempt('hashes', want(false))}
          >
            {t('imageFolder.settings.stop')}
          </Button>
        ) : (
          !isWhole && (
            <Button
              variant="default"
              loading={busy === 'hashes'}
              disabled={busy !== null}
              onClick={() => attempt('hashes', want(true))}
            >
              {t('imageFolder.settings.compute')}
            </Button>
          )
        )}
      </Row>
      {problem && <ErrorNotice report={problem} />}
      {folder.problem && <ErrorNotice report={folder.problem} />}
    </>
  );
}
