import { CelError } from './cel-error.ts';
import { CelObject, type CelValue } from './values.ts';

/** An IPv4 or IPv6 address as a number (k8s.io/apiserver pkg/cel/library/ip.go). */
export class Address extends CelObject {
  readonly typeName = 'net.IP';
  readonly family: 4 | 6;
  readonly bits: bigint;

  constructor(family: 4 | 6, bits: bigint) {
    super();
    this.family = family;
    this.bits = bits;
  }

  static parse(text: string): Address {
    const shown = JSON.stringify(text);
    if (/^[^%]+:[^%]*%.+$/.test(text)) throw new CelError(`IP address ${shown} with zone value is not allowed`);
    const found = parse4(text) ?? parse6(text);
    if (found === undefined) {
      throw new CelError(`IP Address ${shown} parse error during conversion from string: ${addressProblem(text)}`);
    }
    if (isMapped(found)) throw new CelError(`IPv4-mapped IPv6 address ${shown} is not allowed`);
    return found;
  }

  override equals(other: CelValue): boolean {
    return other instanceof Address && other.family === this.family && other.bits === this.bits;
  }

  override call(name: string): CelValue | undefined {
    const within = (range: string) => AddressRange.parse(range).contains(this);
    const [four, six] = [this.family === 4, this.family === 6];
    switch (name) {
      case 'family':
        return BigInt(this.family);
      case 'isUnspecified':
        return this.bits === 0n;
      case 'isLoopback':
        return four ? within('127.0.0.0/8') : this.bits === 1n;
      case 'isLinkLocalMulticast':
        return four ? within('224.0.0.0/24') : within('ff02::/16');
      case 'isLinkLocalUnicast':
        return four ? within('169.254.0.0/16') : within('fe80::/10');
      case 'isGlobalUnicast': {
        const special = ['isUnspecified', 'isLoopback', 'isLinkLocalUnicast'].some((each) => this.call(each) === true);
        const multicast = four ? within('224.0.0.0/4') : six && within('ff00::/8');
        return !special && !multicast && !(four && this.bits === 0xffff_ffffn);
      }
      default:
        return undefined;
    }
  }

  override toText(): string {
    return String(this);
  }

  override toString(): string {
    if (this.family === 4) return [24n, 16n, 8n, 0n].map((shift) => (this.bits >> shift) & 0xffn).join('.');
    const groups = Array.from({ length: 8 }, (_, index) => (this.bits >> BigInt(112 - index * 16)) & 0xffffn).map(
      (group) => group.toString(16),
    );
    return compress(groups);
  }
}

/** What Go's netip.ParseAddr says about a text that is none. */
function addressProblem(text: string): string {
  const problem = (what: string) => `ParseAddr(${JSON.stringify(text)}): ${what}`;
  const mark = /[.:%]/.exec(text)?.[0];
  if (mark === '%') return problem('missing IPv6 address');
  if (mark === undefined) return problem('unable to parse IP');
  if (mark === ':') {
    const wrong = text.search(/[^0-9a-fA-F:.]/);
    if (wrong >= 0) return problem(`unexpected character (at ${JSON.stringify(text.slice(wrong))})`);
    return problem(text.includes('::') ? 'multiple :: in address' : 'address string too short');
  }
  const parts = text.split('.');
  if (/[^0-9.]/.test(text))
    return problem(`unexpected character (at ${JSON.stringify(text.slice(text.search(/[^0-9.]/)))})`);
  if (parts.some((part) => Number(part) > 255)) return problem('IPv4 field has value >255');
  if (parts.some((part) => /^0\d/.test(part))) return problem('IPv4 field has octet with leading zero');
  if (parts.includes(''))
    return problem(
      `IPv4 field must have at least one digit (at ${JSON.stringify(text.slice(text.indexOf('..') + 1))})`,
    );
  return problem(parts.length < 4 ? 'IPv4 address too short' : 'IPv4 address too long');
}

const isMapped = ({ family, bits }: Address) => family === 6 && bits >> 32n === 0xffffn;

/** The longest run of at least two zero groups becomes `::`. */
function compress(groups: readonly string[]): string {
  let [best, bestLength] = [-1, 1];
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > bestLength) [best, bestLength] = [start, length];
  }
  if (best < 0) return groups.join(':');
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + bestLength).join(':')}`;
}

function parse4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return new Address(
    4,
    parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n),
  );
}

function parse6(text: string): Address | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted !== null) {
    const last = parse4(dotted[2] as string);
    if (last === undefined) return undefined;
    return parse6(`${dotted[1]}${(last.bits >> 16n).toString(16)}:${(last.bits & 0xffffn).toString(16)}`);
  }
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined || !text.includes(':')) return undefined;
  const groupsOf = (part: string) => (part === '' ? [] : part.split(':'));
  const [front, back] = [groupsOf(head), groupsOf(tail ?? '')];
  const missing = 8 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...front, ...Array.from({ length: missing }, () => '0'), ...back];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return new Address(
    6,
    groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n),
  );
}

/** `10.0.0.0/8` (k8s.io/apiserver pkg/cel/library/cidr.go). */
export class AddressRange extends CelObject {
  readonly typeName = 'net.CIDR';
  readonly address: Address;
  readonly length: number;

  constructor(address: Address, length: number) {
    super();
    this.address = address;
    this.length = length;
  }

  static parse(text: string): AddressRange {
    const slash = text.lastIndexOf('/');
    const [host, length] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
    const address = parse4(host) ?? parse6(host);
    const size = address?.family === 4 ? 32 : 128;
    const context = 'network address parse error during conversion from string: ';
    const problem = (what: string) =>
      new CelError(`${context}${context}netip.ParsePrefix(${JSON.stringify(text)}): ${what}`);
    if (!text.includes('/')) throw problem("no '/'");
    if (host.includes('%')) throw problem('IPv6 zones cannot be present in a prefix');
    if (address === undefined) throw problem(addressProblem(host));
    if (!/^(0|[1-9]\d*)$/.test(length)) throw problem(`bad bits after slash: ${JSON.stringify(length)}`);
    if (Number(length) > size) throw problem('prefix length out of range');
    if (isMapped(address))
      throw new CelError(`${context}IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
    return new AddressRange(address, Number(length));
  }

  contains(address: Address): boolean {
    return address.family === this.address.family && this.#network(address.bits) === this.#network(this.address.bits);
  }

  override equals(other: CelValue): boolean {
    return other instanceof AddressRange && other.length === this.length && other.address.equals(this.address);
  }

  override call(name: string, [other]: readonly CelValue[]): CelValue | undefined {
    switch (name) {
      case 'containsIP': {
        const address = typeof other === 'string' ? textOf(other, Address.parse) : other;
        return address instanceof Address ? this.contains(address) : undefined;
      }
      case 'containsCIDR': {
        const range = typeof other === 'string' ? textOf(other, AddressRange.parse) : other;
        return range instanceof AddressRange ? range.length >= this.length && this.contains(range.address) : undefined;
      }
      case 'ip':
        return this.address;
      case 'masked':
        return new AddressRange(
          new Address(this.address.family, this.#network(this.address.bits) << this.#hostBits),
          this.length,
        );
      case 'prefixLength':
        return BigInt(this.length);
      default:
        return undefined;
    }
  }

  get #hostBits(): bigint {
    return BigInt((this.address.family === 4 ? 32 : 128) - this.length);
  }

  #network(bits: bigint): bigint {
    return bits >> this.#hostBits;
  }

  override toText(): string {
    return String(this);
  }

  override toString(): string {
    return `${this.address}/${this.length}`;
  }
}

/** What a text says, where a text may stand for a value; upstream tells of a wrong one only that it does not fit. */
function textOf<T>(text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch {
    throw new CelError('no such overload');
  }
}
