import type { Catalogue } from '../../i18n/types';
import type { firstRun as en } from './strings.en';

export const firstRun: Catalogue<typeof en> = {
  title: 'first-run',
};
