import { createInstance, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';

import { en } from './en';
import { it } from './it';

/** Languages that are complete. */
export const LANGUAGES = { en: 'English', it: 'Italiano' } as const;
export type Language = keyof typeof LANGUAGES;

/** The language to speak: the chosen one, else the desktop's, else English. */
export function languageFor(chosen: string, desktop: string): Language {
  for (const tag of [chosen, desktop]) {
    const language = tag.split(/[-_.]/)[0];
    if (language && language in LANGUAGES) return language as Language;
  }
  return 'en';
}

interface Words {
  [key: string]: string | Words;
}

/** Italian has a form of its own for whole millions, which reads as the plural: without it they would be in English. */
function withMany(words: Words): Words {
  const all: Words = {};
  for (const [key, value] of Object.entries(words)) {
    all[key] = typeof value === 'string' ? value : withMany(value);
    if (key.endsWith('_other')) all[key.replace(/_other$/, '_many')] = value;
  }
  return all;
}

/** The catalogue. Every string of the page comes from here; patients' and folders' names never do. */
export function makeI18n(language: Language): i18n {
  const instance = createInstance();
  void instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, it: { translation: withMany(it) } },
    interpolation: { escapeValue: false }, // React writes text as text
    initAsync: false,
  });
  return instance;
}
