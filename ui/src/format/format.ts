/** Numbers, sizes, times as people read them, in one locale. Sizes are decimal (1 GB = 1,000,000,000 bytes). */
export interface Format {
  /** 18,204 */
  count(value: number): string;
  /** 61.2 GB */
  bytes(value: number): string;
  /** 61,203,442,100 bytes: for a title. */
  exactBytes(value: number): string;
  /** 118 MB/s */
  rate(bytesPerSecond: number): string;
  /** 62 % */
  percent(share: number): string;
  /** about 4 min */
  duration(seconds: number): string;
  /** 2 min ago */
  ago(time: string, now: number): string;
  /** today 14:02, 3 Mar 2025 */
  moment(time: string, now: number): string;
  /** In full, with the zone. */
  exactTime(time: string): string;
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;
const SHORT = {
  byte: 'B',
  kilobyte: 'kB',
  megabyte: 'MB',
  gigabyte: 'GB',
  terabyte: 'TB',
  petabyte: 'PB',
} as const;

/** A size in its unit: three digits, as many decimals as fit. */
function scaled(value: number): { number: number; unit: (typeof UNITS)[number]; digits: number } {
  let number = Math.abs(value);
  let step = 0;
  while (number >= 999.5 && step < UNITS.length - 1) {
    number /= 1000;
    step += 1;
  }
  const digits = step === 0 || number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
  return { number: value < 0 ? -number : number, unit: UNITS[step] ?? 'byte', digits };
}

export function makeFormat(locale: string): Format {
  const plain = new Intl.NumberFormat(locale);
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' });
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: 0,
    }).format(value);
  // Made once: a list that scrolls writes dozens of sizes a frame.
  const decimals = [0, 1, 2].map(
    (digits) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }),
  );
  const size = (value: number): string => {
    const { number, unit: name, digits } = scaled(value);
    return `${(decimals[digits] ?? plain).format(number)} ${SHORT[name]}`;
  };
  const dayOf = (time: number) => new Date(time).setHours(0, 0, 0, 0);

  return {
    count: (value) => plain.format(value),
    bytes: size,
    exactBytes: (value) => `${plain.format(value)} B`,
    rate: (value) => `${size(value)}/s`,
    percent: (value) => share.format(value),
    duration(seconds) {
      if (seconds < 60) return unit(Math.max(1, Math.round(seconds)), 'second');
      if (seconds < 3600) return unit(Math.round(seconds / 60), 'minute');
      const hours = Math.floor(seconds / 3600);
      const minutes = Math.round((seconds - hours * 3600) / 60);
      return minutes === 0 ? unit(hours, 'hour') : `${unit(hours, 'hour')} ${unit(minutes, 'minute')}`;
    },
    ago(time, now) {
      const seconds = (new Date(time).getTime() - now) / 1000;
      const past = Math.abs(seconds);
      if (past < 45) return relative.format(0, 'second');
      if (past < 45 * 60) return relative.format(Math.round(seconds / 60), 'minute');
      if (past < 22 * 3600) return relative.format(Math.round(seconds / 3600), 'hour');
      return relative.format(Math.round(seconds / 86400), 'day');
    },
    moment(time, now) {
      const at = new Date(time);
      const days = Math.round((dayOf(at.getTime()) - dayOf(now)) / 86_400_000);
      if (days === 0 || days === -1) return `${relative.format(days, 'day')} ${clock.format(at)}`;
      return date.format(at);
    },
    exactTime: (time) => full.format(new Date(time)),
  };
}
