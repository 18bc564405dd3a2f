import { CelError } from './cel-error.ts';
import { plainDouble } from './library/numbers.ts';
import { CelObject, type CelValue } from './values.ts';
import { type CalendarTime, inZone } from './time-zone.ts';

const nanosPerSecond = 1_000_000_000n;
const nanosOfUnit: Readonly<Record<string, bigint>> = {
  h: 3600n * nanosPerSecond,
  m: 60n * nanosPerSecond,
  s: nanosPerSecond,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
};
const term = /(\d*)(?:\.(\d*))?(h|ms|m|s|us|µs|μs|ns)/y;
/** 0001-01-01 and the end of 9999. */
const secondsMin = -62_135_596_800n;
const secondsMax = 253_402_300_799n;

const inBounds = (nanos: bigint): boolean => BigInt.asIntN(64, nanos) === nanos;

export class CelDuration extends CelObject {
  readonly typeName = 'google.protobuf.Duration';
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    if (!inBounds(nanos)) throw new CelError('duration overflow');
    this.nanos = nanos;
  }

  /** `1h30m`, as Go writes them. */
  static parse(text: string): CelDuration {
    const problem = () => new CelError(`time: invalid duration ${JSON.stringify(text)}`);
    const unsigned = text.replace(/^[+-]/, '');
    if (unsigned === '') throw problem();
    if (unsigned === '0') return new CelDuration(0n);
    let nanos = 0n;
    for (let at = 0; at < unsigned.length; ) {
      term.lastIndex = at;
      const [found = '', whole = '', fraction = '', unit = ''] = term.exec(unsigned) ?? [];
      if (whole === '' && fraction === '') throw problem();
      const size = nanosOfUnit[unit] as bigint;
      nanos += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
      at += found.length;
    }
    if (!inBounds(nanos)) throw problem();
    return new CelDuration(text.startsWith('-') ? -nanos : nanos);
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelDuration && other.nanos === this.nanos;
  }

  override compare(other: CelValue): number | undefined {
    return other instanceof CelDuration ? Number(this.nanos - other.nanos) : undefined;
  }

  override call(name: string): CelValue | undefined {
    switch (name) {
      case 'getHours':
        return this.nanos / (3600n * nanosPerSecond);
      case 'getMinutes':
        return this.nanos / (60n * nanosPerSecond);
      case 'getSeconds':
        return this.nanos / nanosPerSecond;
      case 'getMilliseconds':
        return this.nanos / 1_000_000n;
      default:
        return undefined;
    }
  }

  override toText(): string {
    return String(this);
  }

  override toString(): string {
    return `${plainDouble(Number(this.nanos) / 1e9)}s`;
  }
}

export class CelTimestamp extends CelObject {
  readonly typeName = 'google.protobuf.Timestamp';
  /** Since 1970. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
    const { seconds } = this;
    if (seconds < secondsMin || seconds > secondsMax) throw new CelError('timestamp overflow');
  }

  static ofSeconds(seconds: bigint): CelTimestamp {
    return new CelTimestamp(seconds * nanosPerSecond);
  }

  static parse(text: string): CelTimestamp {
    const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
    const milliseconds = match === null || !isDay(text) ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
    if (Number.isNaN(milliseconds)) {
      throw new CelError(
        `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`,
      );
    }
    const fraction = (match?.[2] ?? '').padEnd(9, '0').slice(0, 9);
    return new CelTimestamp(BigInt(milliseconds) * 1_000_000n + BigInt(fraction));
  }

  /** Whole seconds since 1970, rounded down. */
  get seconds(): bigint {
    return (this.nanos - this.#fraction) / nanosPerSecond;
  }

  get #fraction(): bigint {
    return ((this.nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond;
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelTimestamp && other.nanos === this.nanos;
  }

  override compare(other: CelValue): number | undefined {
    return other instanceof CelTimestamp ? Number(this.nanos - other.nanos) : undefined;
  }

  override call(name: string, [zone = 'UTC']: readonly CelValue[]): CelValue | undefined {
    const part = parts[name];
    if (part === undefined || typeof zone !== 'string') return undefined;
    if (name === 'getMilliseconds') return this.#fraction / 1_000_000n;
    return BigInt(part(inZone(Number(this.seconds), zone)));
  }

  override toText(): string {
    return String(this);
  }

  override toString(): string {
    const fraction = String(this.#fraction).padStart(9, '0').replace(/0+$/, '');
    const whole = new Date(Number(this.seconds) * 1000).toISOString().slice(0, 19);
    return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`;
  }
}

/** JavaScript takes February 30 for a day of March. */
function isDay(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  return day <= new Date(Date.UTC(year === 0 ? 4 : year, month, 0)).getUTCDate();
}

const parts: Readonly<Record<string, (time: CalendarTime) => number>> = {
  getFullYear: ({ year }) => year,
  getMonth: ({ month }) => month,
  getDate: ({ day }) => day,
  getDayOfMonth: ({ day }) => day - 1,
  getDayOfWeek: ({ weekday }) => weekday,
  getDayOfYear: ({ dayOfYear }) => dayOfYear,
  getHours: ({ hours }) => hours,
  getMinutes: ({ minutes }) => minutes,
  getSeconds: ({ seconds }) => seconds,
  getMilliseconds: () => 0,
};
