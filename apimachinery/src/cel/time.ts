import { CelError } from './cel-error.ts';
import { CelObject, type CelValue } from './values.ts';

const nanosPerSecond = 1_000_000_000n;
const nanosOfUnit: Readonly<Record<string, number>> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1 };

export class CelDuration extends CelObject {
  readonly typeName = 'google.protobuf.Duration';
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  /** `1h30m`, as Go writes them. */
  static parse(text: string): CelDuration {
    const terms = /^([+-])?((?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|ns))+$/.exec(text);
    if (terms === null && text !== '0') throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
    let nanos = 0n;
    for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns)/g)) {
      nanos += BigInt(Math.round(Number(amount) * (nanosOfUnit[unit as string] as number)));
    }
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
        return (this.nanos / 1_000_000n) % 1000n;
      default:
        return undefined;
    }
  }

  override toString(): string {
    return `${Number(this.nanos) / 1e9}s`;
  }
}

export class CelTimestamp extends CelObject {
  readonly typeName = 'google.protobuf.Timestamp';
  /** Since 1970. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  static parse(text: string): CelTimestamp {
    const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
    const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
    if (Number.isNaN(milliseconds)) throw new CelError(`cannot parse ${JSON.stringify(text)} as a timestamp`);
    return new CelTimestamp(BigInt(milliseconds) * 1_000_000n + BigInt((match?.[2] ?? '').padEnd(9, '0')));
  }

  override equals(other: CelValue): boolean {
    return other instanceof CelTimestamp && other.nanos === this.nanos;
  }

  override compare(other: CelValue): number | undefined {
    return other instanceof CelTimestamp ? Number(this.nanos - other.nanos) : undefined;
  }

  override call(name: string): CelValue | undefined {
    const date = new Date(Number(this.nanos / 1_000_000n));
    const dayOfYear = () =>
      (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) /
      86_400_000;
    const parts: Readonly<Record<string, () => number>> = {
      getFullYear: () => date.getUTCFullYear(),
      getMonth: () => date.getUTCMonth(),
      getDate: () => date.getUTCDate(),
      getDayOfMonth: () => date.getUTCDate() - 1,
      getDayOfWeek: () => date.getUTCDay(),
      getDayOfYear: dayOfYear,
      getHours: () => date.getUTCHours(),
      getMinutes: () => date.getUTCMinutes(),
      getSeconds: () => date.getUTCSeconds(),
      getMilliseconds: () => date.getUTCMilliseconds(),
    };
    const part = parts[name];
    return part && BigInt(part());
  }

  override toString(): string {
    return new Date(Number(this.nanos / 1_000_000n)).toISOString().replace(/\.?0+Z$/, 'Z');
  }
}
