import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { ImageFolderPreview } from '../../bindings/ImageFolderPreview';
import type { PreviewedFile } from '../../bindings/PreviewedFile';
import { ScrollBox } from '../../components/ScrollBox';
import classes from './ImageFolder.module.css';

interface Props {
  /** The last good one; nothing yet. */
  preview: ImageFolderPreview | null;
  /** It is not of what is said now. */
  stale: boolean;
  /** It is being made. */
  waiting: boolean;
  /** Paths are read in the ways that are known. */
  auto: boolean;
}

/** What some images of a folder would be, one a row. */
export function PreviewTable({ preview, stale, waiting, auto }: Props) {
  const { t } = useTranslation();
  const folders = preview?.files.some((file) => file.folder !== '') ?? false;
  return (
    <div className={classes.preview} data-testid="folder-preview">
      <p className={classes.count} role="status">
        {preview === null ? waiting && t('imageFolder.looking') : <Count preview={preview} auto={auto} />}
      </p>
      <ScrollBox className={classes.scroll} label={t('imageFolder.preview')}>
        {preview !== null && preview.files.length > 0 && (
          <table className={classes.table} data-stale={stale || undefined} aria-busy={stale && waiting}>
            <thead>
              <tr>
                <th scope="col">{t('imageFolder.column.path')}</th>
                <th scope="col">{t('imageFolder.column.project')}</th>
                {folders && <th scope="col">{t('imageFolder.column.folder')}</th>}
                <th scope="col">{t('imageFolder.column.patient')}</th>
                <th scope="col">{t('imageFolder.column.modality')}</th>
                <th scope="col" data-narrow>
                  {t('imageFolder.column.kind')}
                </th>
                {!auto && (
                  <th scope="col" data-narrow>
                    {t('imageFolder.column.fits')}
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {preview.files.map((file) => (
                <File key={file.path} file={file} folders={folders} auto={auto} />
              ))}
            </tbody>
          </table>
        )}
      </ScrollBox>
    </div>
  );
}

/** How many images were looked at, and how many the pattern fits. */
function Count({ preview, auto }: { preview: ImageFolderPreview; auto: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { fitting, more } = preview;
  const images = preview.files.length;
  const nobody = preview.files.filter((file) => file.patient === '').length;
  if (images === 0) return t('imageFolder.none');
  const fits =
    fitting === images
      ? t('imageFolder.fitAll')
      : fitting === 0
        ? t('imageFolder.fitNone')
        : t('imageFolder.fitSome', { n: format.count(fitting) });
  const isGood = nobody === 0 && fitting === images;
  return (
    <>
      {isGood ? (
        <IconCheck size={16} stroke={2} className={classes.good} aria-hidden />
      ) : (
        <IconAlertTriangle size={16} stroke={1.75} className={classes.warn} aria-hidden />
      )}
      {more
        ? t('imageFolder.lookedFrom', { n: format.count(images) })
        : t('imageFolder.looked', { count: images, n: format.count(images) })}
      {!auto && ` · ${fits}`}
      {nobody > 0 && ` · ${t('imageFolder.nobody', { count: nobody, n: format.count(nobody) })}`}
    </>
  );
}

function File({ file, folders, auto }: { file: PreviewedFile; folders: boolean; auto: boolean }) {
  const { t } = useTranslation();
  const name = file.path.lastIndexOf('/') + 1;
  const kind = file.kind === 'raw' || file.kind === 'processed' ? file.kind : 'other';
  return (
    <tr data-unfit={!file.fits || undefined}>
      <th scope="row" className={`selectable ${classes.filePath ?? ''}`} title={file.path}>
        {/* What tells files apart is at the end: the folders are cut where there is no room. */}
        <span className={classes.parts}>
          <span className={classes.around}>{file.path.slice(0, name)}</span>
          <span className={classes.last}>{file.path.slice(name)}</span>
        </span>
      </th>
      <td className="name">{file.project}</td>
      {folders && (
        <td className="name">
          {file.folder === '' ? <span className={classes.absent}>–</span> : file.folder}
        </td>
      )}
      <td className="name">
        {file.patient === '' ? (
          <span className={classes.warn}>{t('imageFolder.noPatient')}</span>
        ) : (
          file.patient
        )}
      </td>
      <td className="name">{file.modality}</td>
      <td>{t(`imageFolder.kinds.${kind}`)}</td>
      {!auto && (
        <td>
          <span
            className={file.fits ? classes.good : classes.bad}
            title={file.fits ? t('imageFolder.fits') : t('imageFolder.fitsNot')}
          >
            {file.fits ? (
              <IconCheck size={16} stroke={2} aria-hidden />
            ) : (
              <IconX size={16} stroke={2} aria-hidden />
            )}
            <span className="visually-hidden">
              {file.fits ? t('imageFolder.fits') : t('imageFolder.fitsNot')}
            </span>
          </span>
        </td>
      )}
    </tr>
  );
}
