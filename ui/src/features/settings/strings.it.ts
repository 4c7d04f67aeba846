import type { Catalogue } from '../../i18n/types';
import type { settings as en } from './strings.en';

export const settings: Catalogue<typeof en> = {
  title: 'settings',
};
