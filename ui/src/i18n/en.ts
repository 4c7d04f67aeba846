import { common } from '../app/strings.en';
import { connect } from '../features/connect/strings.en';
import { errors } from '../errors/strings.en';
import { exportsPage } from '../features/exports/strings.en';
import { firstRun } from '../features/first-run/strings.en';
import { imageFolder } from '../features/image-folder/strings.en';
import { newExport } from '../features/new-export/strings.en';
import { settings } from '../features/settings/strings.en';
import { studies } from '../features/studies/strings.en';

export const en = {
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
