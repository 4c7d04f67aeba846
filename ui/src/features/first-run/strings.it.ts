import type { Catalogue } from '../../i18n/types';
import type { firstRun as en } from './strings.en';

export const firstRun: Catalogue<typeof en> = {
  title: 'Un solo ZIP, di cui si può provare la completezza',
  what: 'Si scelgono pazienti e modalità: Sheaf ne raccoglie le immagini in un unico ZIP ordinato, verificato file per file, che domani si ritrova.',
  choices: 'Come cominciare',
  open: 'Apri un registro…',
  openAbout: 'Un file che elenca i pazienti e le immagini di ciascuno.',
  folder: 'Apri una cartella di immagini…',
  folderAbout: 'DICOM, NIfTI, STL, foto e video, riconosciuti dal contenuto.',
  connect: 'Connetti a un server…',
  connectAbout: 'Un FileRegistry in MySQL o MariaDB, esami in PostgreSQL; in sola lettura.',
  demo: 'Prova la demo',
  demoAbout: 'Pazienti inventati con immagini, creati qui in pochi secondi.',
  making: 'Creazione della demo…',
  makingAbout: 'Pazienti inventati con immagini inventate. Si apre appena è pronta.',
  cancelling: 'Interruzione…',
  recent: 'Aperti in precedenza',
  missing: 'Non trovato',
  notTold: 'Non risponde',
  remove: 'Rimuovi {{name}} da questo elenco',
  problem: 'Il registro non si è potuto aprire',
  openAnother: 'Apri un altro…',
};
