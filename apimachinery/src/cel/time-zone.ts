import { CelError } from './cel-error.ts';

/** What a calendar and a clock show. */
export interface CalendarTime {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  /** Sunday is 0. */
  readonly weekday: number;
  /** From 0. */
  readonly dayOfYear: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

/** A time in a zone: `Europe/Berlin` or an offset such as `-08:00` or `02:00`. Throws CelError for what is no zone. */
export function inZone(secondsSinceEpoch: number, zone: string): CalendarTime {
  const date = new Date((secondsSinceEpoch + offsetSeconds(secondsSinceEpoch, zone)) * 1000);
  const year = date.getUTCFullYear();
  const startOfYear = new Date(0);
  startOfYear.setUTCFullYear(year, 0, 1);
  const startOfDay = new Date(0);
  startOfDay.setUTCFullYear(year, date.getUTCMonth(), date.getUTCDate());
  return {
    year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    dayOfYear: Math.round((startOfDay.getTime() - startOfYear.getTime()) / 86_400_000),
    hours: date.getUTCHours(),
    minutes: date.getUTCMinutes(),
    seconds: date.getUTCSeconds(),
  };
}

function offsetSeconds(secondsSinceEpoch: number, zone: string): number {
  if (zone === 'UTC' || zone === '') return 0;
  const colon = zone.indexOf(':');
  if (colon >= 0) return fixedOffset(zone, colon);
  return namedOffset(secondsSinceEpoch, zone);
}

function fixedOffset(zone: string, colon: number): number {
  const [hours, minutes] = [zone.slice(0, colon), zone.slice(colon + 1)];
  for (const part of [hours, minutes]) {
    if (!/^[+-]?\d+$/.test(part)) throw new CelError(`strconv.Atoi: parsing ${JSON.stringify(part)}: invalid syntax`);
  }
  const extra = Number(minutes);
  if (extra < 0 || extra > 59) throw new CelError(`timezone offset minutes out of range [0, 59]: ${zone}`);
  return (Number(hours) * 60 + (zone.startsWith('-') ? -extra : extra)) * 60;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function namedOffset(secondsSinceEpoch: number, zone: string): number {
  const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  let format = formats.get(zone);
  try {
    format ??= new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
      timeZone: zone,
      hourCycle: 'h23',
      second: 'numeric',
      ...fields,
    });
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
  formats.set(zone, format);
  const shown = Object.fromEntries(
    format.formatToParts(new Date(secondsSinceEpoch * 1000)).map(({ type, value }) => [type, Number(value)]),
  );
  const there = Date.UTC(
    shown['year'] as number,
    (shown['month'] as number) - 1,
    shown['day'],
    shown['hour'],
    shown['minute'],
    shown['second'],
  );
  return there / 1000 - secondsSinceEpoch;
}
