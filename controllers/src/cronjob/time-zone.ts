/** A moment as the clocks of a zone show it. Months and days count from 1, weekdays from Sunday = 0. */
export interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly weekday: number;
}

export interface Zone {
  civil(ms: number): CivilTime;
  /** The beginning of a day (which may overflow its month), later than `afterMs`. */
  startOf(year: number, month: number, day: number, afterMs: number): number;
  /** Minutes east of UTC at that moment. */
  offsetMinutes(ms: number): number;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** A zone of the IANA database. Throws `unknown time zone X` as Go does. */
export function createZone(name: string): Zone {
  const offsetMinutes = name === 'UTC' || name === '' ? () => 0 : offsetsOf(name);
  const civil = (ms: number): CivilTime => {
    const local = new Date(ms + offsetMinutes(ms) * minuteMs);
    return {
      year: local.getUTCFullYear(),
      month: local.getUTCMonth() + 1,
      day: local.getUTCDate(),
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
      weekday: local.getUTCDay(),
    };
  };
  return {
    civil,
    offsetMinutes,
    startOf(year, month, day, afterMs) {
      const wall = Date.UTC(year, month - 1, day);
      let time = wall - offsetMinutes(afterMs) * minuteMs;
      time = wall - offsetMinutes(time) * minuteMs;
      // Where clocks are put forward at midnight the day begins an hour later.
      while (civil(time).day !== new Date(wall).getUTCDate()) time += hourMs;
      return Math.max(time, afterMs + minuteMs);
    },
  };
}

function offsetsOf(name: string): (ms: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    throw new Error(`unknown time zone ${name}`);
  }
  return (ms) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = part;
    return Math.round((Date.UTC(year, month - 1, day, hour, minute) - Math.floor(ms / minuteMs) * minuteMs) / minuteMs);
  };
}
