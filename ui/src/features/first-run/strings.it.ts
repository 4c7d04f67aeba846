import type { Catalogue } from '../../i18n/types';
import type { firstRun as en } from './strings.en';

export const firstRun: Catalogue<typeof en> = {
  title: 'Un solo ZIP, di cui si può provare la completezza',
  what: 'Si scelgono pazienti e modalità: Sheaf ne raccoglie le immagini in un unico ZIP ordinato, verificato file per file, che domani si ritrova.',
  choices: 'Come cominciare',
  open: 'Apri un registro…',
  openAbout: 'Un file di registro che dice quali pazienti ci sono e quali file appartengono a ciascuno.',
  demo: 'Prova la demo',
  demoAbout:
    'Crea su questo computer un piccolo registro di pazienti inventati, con immagini. Richiede pochi secondi.',
  making: 'Creazione della demo…',
  makingAbout: 'Pazienti inventati con immagini inventate. Si apre appena è pronta.',
  cancelling: 'Interruzione…',
  recent: 'Aperti in precedenza',
  missing: 'Non trovato',
  notTold: 'Non risponde',
  remove: 'Togli {{name}} da questo elenco',
  problem: 'Il registro dell’ultima volta non si è potuto aprire',
  openAnother: 'Apri un altro…',
};
