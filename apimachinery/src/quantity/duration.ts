/** Durations of Go's text form (`1h2m3.5s`), in milliseconds here. */

const unitMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const part = /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)/y;

/** Reads `300ms`, `-1.5h`, `2h45m`. Throws an Error with Go's text. */
export function parseDuration(text: string): number {
  if (text === '0' || text === '+0' || text === '-0') return 0;
  const unsigned = text.replace(/^[+-]/, '');
  let milliseconds = 0;
  part.lastIndex = 0;
  let end = 0;
  for (let match = part.exec(unsigned); match !== null; match = part.exec(unsigned)) {
    milliseconds += Number(match[1]) * (unitMilliseconds[match[2] as string] as number);
    end = part.lastIndex;
  }
  if (unsigned === '' || end !== unsigned.length || text.length > 256) throw new Error(explain(text, unsigned));
  return text.startsWith('-') ? -milliseconds : milliseconds;
}

function explain(text: string, unsigned: string): string {
  const quoted = JSON.stringify(text);
  if (/^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$/.test(unsigned)) return `time: missing unit in duration ${quoted}`;
  const unit =
    /^(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))*(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)([^0-9.]+)/.exec(
      unsigned,
    );
  if (unit !== null) return `time: unknown unit ${JSON.stringify(unit[1])} in duration ${quoted}`;
  return `time: invalid duration ${quoted}`;
}

/** Prints milliseconds as Go prints a Duration: `1h0m0s`, `1.5s`, `100ms`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const sign = milliseconds < 0 ? '-' : '';
  const nanoseconds = Math.round(Math.abs(milliseconds) * 1e6);
  if (nanoseconds < 1000) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1_000_000) return `${sign}${nanoseconds / 1000}µs`;
  if (nanoseconds < 1_000_000_000) return `${sign}${nanoseconds / 1_000_000}ms`;
  const wholeSeconds = Math.floor(nanoseconds / 1e9);
  const fraction = String(nanoseconds % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = `${wholeSeconds % 60}${fraction === '' ? '' : `.${fraction}`}s`;
  const minutes = Math.floor(wholeSeconds / 60);
  if (minutes === 0) return sign + seconds;
  return minutes < 60
    ? `${sign}${minutes}m${seconds}`
    : `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

/** A duration for people, two or three figures: `5s`, `3m12s`, `2d4h`, `3y20d` (duration.HumanDuration). */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return days < 2920 && days % 365 !== 0 ? `${years}y${days % 365}d` : `${years}y`;
}

/** The age of something for a table: time since a timestamp, `<unknown>` where there is none. `now` in milliseconds. */
export function humanAge(timestamp: string | null | undefined, now: number): string {
  if (timestamp === undefined || timestamp === null || timestamp === '') return '<unknown>';
  return humanDuration(now - Date.parse(timestamp));
}
