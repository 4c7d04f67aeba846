import { common } from '../app/strings.it';
import { connect } from '../features/connect/strings.it';
import { errors } from '../errors/strings.it';
import { exportsPage } from '../features/exports/strings.it';
import { firstRun } from '../features/first-run/strings.it';
import { imageFolder } from '../features/image-folder/strings.it';
import { newExport } from '../features/new-export/strings.it';
import { settings } from '../features/settings/strings.it';
import { studies } from '../features/studies/strings.it';
import type { en } from './en';
import type { Catalogue } from './types';

export const it: Catalogue<typeof en> = {
  common,
  connect,
  newExport,
  exports: exportsPage,
  studies,
  settings,
  firstRun,
  imageFolder,
  errors,
};
