import { CelError } from '../cel-error.ts';
import { CelObject, type CelValue } from '../values.ts';

const identifier = '[0-9A-Za-z-]+';
const form = new RegExp(
  `^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+(${identifier}(?:\\.${identifier})*))?$`,
);

/** `semver("1.2.3-rc.1")` (k8s.io/apiserver pkg/cel/library/semverlib.go, semver.org 2.0.0). */
export class SemverValue extends CelObject {
  readonly typeName = 'kubernetes.Semver';
  readonly #numbers: readonly bigint[];
  readonly #before: readonly string[];
  readonly #text: string;

  constructor(text: string) {
    super();
    const match = form.exec(text);
    const before = match?.[4]?.split('.') ?? [];
    if (match === null || before.some((each) => /^0\d+$/.test(each))) throw new CelError(problemOf(text));
    this.#numbers = [1, 2, 3].map((index) => BigInt(match[index] as string));
    this.#before = before;
    this.#text = text;
  }

  /** Normalizing takes `v1.02` for 1.2.0. */
  static parse(text: string, normalize: boolean): SemverValue {
    return new SemverValue(normalize ? normalized(text) : text);
  }

  override equals(other: CelValue): boolean {
    return other instanceof SemverValue && this.compare(other) === 0;
  }

  override compare(other: CelValue): number | undefined {
    if (!(other instanceof SemverValue)) return undefined;
    for (const [index, number] of this.#numbers.entries()) {
      const difference = Number(number - (other.#numbers[index] as bigint));
      if (difference !== 0) return Math.sign(difference);
    }
    return compareBefore(this.#before, other.#before);
  }

  override call(name: string, [other]: readonly CelValue[]): CelValue | undefined {
    const difference = other === undefined ? undefined : this.compare(other);
    switch (name) {
      case 'major':
        return this.#numbers[0];
      case 'minor':
        return this.#numbers[1];
      case 'patch':
        return this.#numbers[2];
      case 'compareTo':
        return difference === undefined ? undefined : BigInt(difference);
      case 'isGreaterThan':
        return difference === undefined ? undefined : difference > 0;
      case 'isLessThan':
        return difference === undefined ? undefined : difference < 0;
      default:
        return undefined;
    }
  }

  override toString(): string {
    return this.#text;
  }
}

/** A version with identifiers before its release comes before the one without. */
function compareBefore(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length - a.length);
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index] as string, b[index] as string];
    if (left === right) continue;
    const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
    return (leftIsNumber ? BigInt(left) < BigInt(right) : left < right) ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

function normalized(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.');
  const patch = rest.length === 0 ? undefined : rest.join('.');
  const parts = [major, minor, patch].filter((part) => part !== undefined).map(withoutZeros);
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) as string)) {
    throw new CelError('short version cannot contain PreRelease/Build meta data');
  }
  return [...parts, '0', '0'].slice(0, 3).join('.');
}

function withoutZeros(part: string): string {
  if (part.length <= 1) return part;
  const trimmed = part.replace(/^0+/, '');
  return /^\d/.test(trimmed) ? trimmed : `0${trimmed}`;
}

const names = ['major', 'minor', 'patch'];

function problemOf(text: string): string {
  if (text === '') return 'Version string empty';
  const parts = text.split('.');
  if (parts.length < 3) return 'No Major.Minor.Patch elements found';
  for (const [index, name] of names.entries()) {
    const part = index < 2 ? (parts[index] as string) : (parts.slice(2).join('.').split(/[-+]/, 1)[0] as string);
    const shown = JSON.stringify(part);
    const title = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    if (!/^\d*$/.test(part)) return `Invalid character(s) found in ${name} number ${shown}`;
    if (/^0\d/.test(part)) return `${title} number must not contain leading zeroes ${shown}`;
    if (part === '') return `strconv.ParseUint: parsing "": invalid syntax`;
  }
  const before = /-([^+]*)/.exec(text)?.[1]?.split('.') ?? [];
  for (const each of before) {
    if (each === '') return 'Prerelease is empty';
    if (/^0\d+$/.test(each))
      return `Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(each)}`;
    if (!/^[0-9A-Za-z-]+$/.test(each)) return `Invalid character(s) found in prerelease ${JSON.stringify(each)}`;
  }
  const build = /\+(.*)$/.exec(text)?.[1]?.split('.') ?? [];
  const wrong = build.find((each) => !/^[0-9A-Za-z-]+$/.test(each)) ?? '';
  return wrong === ''
    ? 'Build meta data is empty'
    : `Invalid character(s) found in build meta data ${JSON.stringify(wrong)}`;
}
