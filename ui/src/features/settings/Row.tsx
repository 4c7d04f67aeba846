import { IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { ErrorNotice } from '../../components/ErrorNotice';
import type { Kept } from './usePreference';
import classes from './Row.module.css';

interface Props {
  label: string;
  /** Ids for `aria-labelledby` and `aria-describedby` of the control. */
  id: string;
  about?: ReactNode;
  /** Where the control is a field: its id, so that a click on the label goes there. */
  htmlFor?: string;
  /** What became of the last change. */
  kept?: Kept | undefined;
  children: ReactNode;
}

/** One setting: what it is on the left, its control on the right, and whether it was kept. */
export function Row({ label, id, about, htmlFor, kept, children }: Props) {
  const { t } = useTranslation();
  return (
    <div className={classes.row}>
      <div className={classes.words}>
        <div className={classes.head}>
          {htmlFor === undefined ? (
            <span id={`${id}-label`} className={classes.label}>
              {label}
            </span>
          ) : (
            <label id={`${id}-label`} htmlFor={htmlFor} className={classes.label}>
              {label}
            </label>
          )}
          <span role="status" className={classes.kept}>
            {kept?.state === 'saved' && (
              <>
                <IconCheck size={14} stroke={2} aria-hidden />
                <span className="visually-hidden">{t('settings.savedNow', { what: label })}</span>
                <span aria-hidden>{t('settings.saved')}</span>
              </>
            )}
          </span>
          {kept?.state === 'saved' && (
            <button type="button" className={classes.undo} onClick={kept.undo}>
              {t('common.undo')}
            </button>
          )}
        </div>
        {about !== undefined && (
          <div id={`${id}-about`} className={classes.about}>
            {about}
          </div>
        )}
      </div>
      <div className={classes.control}>{children}</div>
      {kept?.state === 'failed' && (
        <div className={classes.error}>
          <ErrorNotice report={kept.report} action={{ label: t('common.retry'), onClick: kept.retry }} />
        </div>
      )}
    </div>
  );
}
