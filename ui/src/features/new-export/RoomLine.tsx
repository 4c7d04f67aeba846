import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '../../app/FormatContext';
import type { Destination } from '../../bindings/Destination';
import { roomFor, tooLargeAFile } from './room';
import classes from './NewExport.module.css';

/** The size against the free room where it goes. */
export function RoomLine({ bytes, destination }: { bytes: number; destination: Destination | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!destination || destination.folder === null || destination.problem) return null;
  const room = roomFor(bytes, destination);
  const most = tooLargeAFile(bytes, destination);
  const free = room.type === 'unknown' ? '' : format.bytes(room.free);
  return (
    <div className={classes.room} aria-live="polite">
      {room.type === 'unknown' && <p className={classes.dimmed}>{t('newExport.room.unknown')}</p>}
      {room.type === 'fits' && (
        <p title={format.exactBytes(room.free)}>
          {t('newExport.room.fits', { free })}
          <IconCircleCheck size={15} stroke={1.75} className={classes.good} aria-hidden />
        </p>
      )}
      {room.type === 'tight' && (
        <p className={classes.warn} title={format.exactBytes(room.free)}>
          <IconAlertTriangle size={15} stroke={1.75} aria-hidden />
          {t('newExport.room.tight', { free })}
        </p>
      )}
      {room.type === 'none' && (
        <p className={classes.bad} title={format.exactBytes(room.free)}>
          <IconCircleX size={15} stroke={1.75} aria-hidden />
          {t('newExport.room.none', { free, short: format.bytes(room.short) })}
        </p>
      )}
      {most !== null && (
        <p className={classes.warn}>
          <IconAlertTriangle size={15} stroke={1.75} aria-hidden />
          {t('newExport.room.fat', { most: format.bytes(most) })}
        </p>
      )}
    </div>
  );
}
