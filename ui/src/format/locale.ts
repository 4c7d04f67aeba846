/**
 * The locale that numbers and dates are written in. `navigator.language` is "C" under LANG=C, which `Intl` refuses, so a tag is
 * cleaned once here and never trusted again.
 */
export function cleanLocale(tag: string | undefined, fallback = 'en'): string {
  const candidate = (tag ?? '').replace('_', '-').replace(/\..*$/, '');
  try {
    return Intl.getCanonicalLocales(candidate)[0] ?? fallback;
  } catch {
    return fallback;
  }
}

/** A locale of the chosen language: the desktop's own where it speaks that language, so that its region stays. */
export function localeFor(language: string, desktop: string): string {
  const own = cleanLocale(desktop);
  return own.split('-')[0] === language ? own : language;
}
