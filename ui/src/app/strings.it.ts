import type { Catalogue } from '../i18n/types';
import type { common as en } from './strings.en';

export const common: Catalogue<typeof en> = {
  app: 'Sheaf',
  pages: { newExport: 'Nuova esportazione', exports: 'Esportazioni', settings: 'Impostazioni' },
  navigation: 'Pagine',
  skipToContent: 'Vai al contenuto',
  close: 'Chiudi',
  cancel: 'Annulla',
  save: 'Salva',
  retry: 'Riprova',
  details: 'Dettagli',
  copy: 'Copia',
  copied: 'Copiato',
  undo: 'Annulla modifica',
  redo: 'Ripeti modifica',
  code: 'Codice',
  loading: 'Caricamento…',
  silent: {
    title: 'Il motore di Sheaf non risponde',
    body: 'Nulla è perduto: le esportazioni in corso proseguono o si possono riavviare. L’avviso sparisce appena risponde.',
  },
  runningBadge_one: '{{count}} in corso',
  runningBadge_other: '{{count}} in corso',
  failedBadge_one: '{{count}} non riuscita',
  failedBadge_other: '{{count}} non riuscite',
};
