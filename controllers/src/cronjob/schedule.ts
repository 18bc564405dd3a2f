import { type CivilTime, createZone, type Zone } from './time-zone.ts';

/** Times at which something is due. All times are milliseconds since 1970. */
export interface Schedule {
  /** The first time after `afterMs`; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

interface FieldBounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const minuteBounds: FieldBounds = { min: 0, max: 59 };
const hourBounds: FieldBounds = { min: 0, max: 23 };
const dayBounds: FieldBounds = { min: 1, max: 31 };
const monthBounds: FieldBounds = {
  min: 1,
  max: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
};
const weekdayBounds: FieldBounds = { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const horizonMs = 5 * 366 * 24 * hourMs;

interface Field {
  readonly values: ReadonlySet<number>;
  /** Written with `*` or `?`: it leaves the choice to the other day field. */
  readonly star: boolean;
}

/**
 * Reads a schedule by the rules of the standard cron parser of robfig/cron v3: five fields, names, steps, descriptors,
 * `@every`, and a `TZ=` or `CRON_TZ=` prefix, which wins over `timeZone`. Throws an Error that says what is wrong.
 */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  let spec = text.trim();
  let zoneName = timeZone;
  const prefix = /^(?:CRON_)?TZ=(\S+)\s+/.exec(spec);
  if (prefix) {
    zoneName = prefix[1] ?? timeZone;
    spec = spec.slice(prefix[0].length).trim();
  }
  const zone = createZone(zoneName);
  if (spec.startsWith('@every ')) return everySchedule(parseDuration(spec.slice('@every '.length).trim()));
  if (spec.startsWith('@')) {
    const fields = descriptors[spec];
    if (!fields) throw new Error(`unrecognized descriptor: ${spec}`);
    spec = fields;
  }
  const fields = spec.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  return calendarSchedule(
    {
      minute: parseField(minute, minuteBounds),
      hour: parseField(hour, hourBounds),
      day: parseField(day, dayBounds),
      month: parseField(month, monthBounds),
      weekday: parseField(weekday, weekdayBounds),
    },
    zone,
  );
}

function parseField(text: string, bounds: FieldBounds): Field {
  const values = new Set<number>();
  let star = false;
  for (const part of text.split(',')) star = parseRange(part, bounds, values) || star;
  return { values, star };
}

/** Adds the values of one comma-separated part; true when it is a bare star. */
function parseRange(part: string, { min, max, names }: FieldBounds, values: Set<number>): boolean {
  const [range = '', stepText, ...rest] = part.split('/');
  if (rest.length > 0) throw new Error(`too many slashes: ${part}`);
  const [from = '', to, ...more] = range.split('-');
  if (more.length > 0) throw new Error(`too many hyphens: ${part}`);
  const star = (from === '*' || from === '?') && to === undefined;
  const start = star ? min : parseNumber(from, names);
  let end = star ? max : to === undefined ? start : parseNumber(to, names);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  // `5/15` is `5-max/15`.
  if (stepText !== undefined && !star && to === undefined) end = max;
  if (start < min) throw new Error(`beginning of range (${start}) below minimum (${min}): ${part}`);
  if (end > max) throw new Error(`end of range (${end}) above maximum (${max}): ${part}`);
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${part}`);
  if (step === 0) throw new Error(`step of range should be a positive number: ${part}`);
  for (let value = start; value <= end; value += step) values.add(value);
  return star && step === 1;
}

function parseNumber(text: string, names?: readonly string[]): number {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return names?.[0] === 'jan' ? named + 1 : named;
  if (!/^\d+$/.test(text))
    throw new Error(`failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`);
  return Number(text);
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: minuteMs,
  h: hourMs,
};

/** A Go duration in milliseconds. */
function parseDuration(text: string): number {
  let total = 0;
  let rest = text;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (!match) throw new Error(`failed to parse duration @every ${text}: time: invalid duration "${text}"`);
    total += Number(match[1]) * (durationUnits[match[2] ?? ''] ?? 0);
    rest = rest.slice(match[0].length);
  }
  return total;
}

function everySchedule(durationMs: number): Schedule {
  const stepMs = Math.max(1, Math.floor(durationMs / 1000)) * 1000;
  return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + stepMs };
}

type Fields = Readonly<Record<'minute' | 'hour' | 'day' | 'month' | 'weekday', Field>>;

function calendarSchedule(fields: Fields, zone: Zone): Schedule {
  const dayMatches = ({ day, weekday }: CivilTime): boolean => {
    const byDay = fields.day.values.has(day);
    const byWeekday = fields.weekday.values.has(weekday);
    return fields.day.star || fields.weekday.star ? byDay && byWeekday : byDay || byWeekday;
  };
  return {
    next(afterMs) {
      let time = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
      const limit = time + horizonMs;
      while (time < limit) {
        const civil = zone.civil(time);
        if (!fields.month.values.has(civil.month)) time = zone.startOf(civil.year, civil.month + 1, 1, time);
        else if (!dayMatches(civil)) time = zone.startOf(civil.year, civil.month, civil.day + 1, time);
        else if (!fields.hour.values.has(civil.hour)) time += (60 - civil.minute) * minuteMs;
        else if (!fields.minute.values.has(civil.minute)) time += minuteMs;
        else return time;
      }
      return undefined;
    },
  };
}
