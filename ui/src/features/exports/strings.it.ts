import type { Catalogue } from '../../i18n/types';
import type { exportsPage as en } from './strings.en';

export const exportsPage: Catalogue<typeof en> = {
  title: 'exports',
};
