import type { Catalogue } from '../../i18n/types';
import type { newExport as en } from './strings.en';

export const newExport: Catalogue<typeof en> = {
  title: 'new-export',
};
