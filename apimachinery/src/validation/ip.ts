import { type FieldError, field, quote } from '../errors/index.ts';

/** An address of either family: 4 or 16 bytes. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
}

/** A range of addresses: `address` as written, the network is `masked(range)`. */
export interface IpRange {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/**
 * Reads an address. `sloppy` allows leading zeros in IPv4 as Kubernetes always has. An IPv4-mapped IPv6 address is of
 * family 6 and keeps its 16 bytes. Undefined where it is none.
 */
export function parseIp(text: string, sloppy = false): IpAddress | undefined {
  if (text.length > 45) return undefined;
  return text.includes(':') ? parseIpv6(text, sloppy) : parseIpv4(text, sloppy);
}

function parseIpv4(text: string, sloppy: boolean): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let index = 0; index < 4; index++) {
    const part = parts[index] as string;
    if (!/^[0-9]{1,3}$/.test(part) && !(sloppy && /^0*[0-9]{1,3}$/.test(part))) return undefined;
    if (!sloppy && part.length > 1 && part.startsWith('0')) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    bytes[index] = value;
  }
  return { family: 4, bytes };
}

function parseIpv6(text: string, sloppy: boolean): IpAddress | undefined {
  const gap = text.indexOf('::');
  if (gap >= 0 && text.indexOf('::', gap + 1) >= 0) return undefined;
  const head = ipv6Groups(gap < 0 ? text : text.slice(0, gap), gap < 0, sloppy);
  const tail = gap < 0 ? [] : ipv6Groups(text.slice(gap + 2), true, sloppy);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined;
  const bytes = new Uint8Array(16);
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  for (const [index, group] of groups.entries()) {
    bytes[index * 2] = group >> 8;
    bytes[index * 2 + 1] = group & 0xff;
  }
  return { family: 6, bytes };
}

/** The 16-bit groups of one side of `::`; the last may be a dotted IPv4 address where `last`. */
function ipv6Groups(text: string, last: boolean, sloppy: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const four = parseIpv4(part, sloppy)?.bytes;
      if (four === undefined) return undefined;
      groups.push(((four[0] as number) << 8) | (four[1] as number), ((four[2] as number) << 8) | (four[3] as number));
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

export function isIpv4Mapped(ip: IpAddress): boolean {
  if (ip.family === 4) return false;
  for (let index = 0; index < 10; index++) if (ip.bytes[index] !== 0) return false;
  return ip.bytes[10] === 0xff && ip.bytes[11] === 0xff;
}

/** Canonical text (RFC 5952). An IPv4-mapped address prints as IPv4, as Go's net.IP does. */
export function ipText(ip: IpAddress): string {
  if (ip.family === 4) return ip.bytes.join('.');
  if (isIpv4Mapped(ip)) return ip.bytes.slice(12).join('.');
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push(((ip.bytes[index] as number) << 8) | (ip.bytes[index + 1] as number));
  }
  const [start, length] = longestZeros(groups);
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  return length < 2 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let index = 0; index < 8; index++) {
    let length = 0;
    while (index + length < 8 && groups[index + length] === 0) length++;
    if (length > best[1]) best = [index, length];
    index += length;
  }
  return best;
}

/** Reads `address/prefix length`. */
export function parseCidr(text: string, sloppy = false): IpRange | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash), sloppy);
  const digits = text.slice(slash + 1);
  if (address === undefined || !(sloppy ? /^[0-9]{1,9}$/ : /^(?:0|[1-9][0-9]{0,2})$/).test(digits)) return undefined;
  const prefixLength = Number(digits);
  return prefixLength <= address.bytes.length * 8 ? { address, prefixLength } : undefined;
}

/** The first address of the range. */
export function masked({ address, prefixLength }: IpRange): IpAddress {
  const bytes = address.bytes.map(
    (byte, index) => byte & (0xff << Math.max(0, 8 - Math.max(0, prefixLength - index * 8))),
  );
  return { family: address.family, bytes };
}

export function cidrContains(range: IpRange, ip: IpAddress): boolean {
  if (range.address.family !== ip.family) return false;
  return sameIp(masked(range), masked({ address: ip, prefixLength: range.prefixLength }));
}

export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.bytes.every((byte, index) => byte === b.bytes[index]);
}

/** `network/prefix length` in canonical form. */
export function cidrText(range: IpRange): string {
  return `${ipText(masked(range))}/${range.prefixLength}`;
}

function checkIp(path: string, text: string): { ip: IpAddress | undefined; errors: FieldError[] } {
  const ip = parseIp(text, true);
  const errors: FieldError[] = [];
  if (ip === undefined) {
    errors.push(field.invalid(path, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
  } else if (parseIp(text) === undefined) {
    errors.push(field.invalid(path, text, 'must not have leading 0s'));
  } else if (isIpv4Mapped(ip)) {
    errors.push(field.invalid(path, text, 'must not be an IPv4-mapped IPv6 address'));
  }
  return { ip, errors };
}

/** An address in canonical form: fields that are young. */
export function validateIp(path: string, text: string): readonly FieldError[] {
  const { ip, errors } = checkIp(path, text);
  if (ip !== undefined && errors.length === 0 && ipText(ip) !== text) {
    errors.push(field.invalid(path, text, `must be in canonical form (${quote(ipText(ip))})`));
  }
  return errors;
}

/** An address in any form: fields that are older than the canonical rule. Values in `old` pass as they are. */
export function validateLegacyIp(path: string, text: string, old: readonly string[] = []): readonly FieldError[] {
  return old.includes(text) ? [] : checkIp(path, text).errors;
}

function checkCidr(path: string, text: string): { range: IpRange | undefined; errors: FieldError[] } {
  const range = parseCidr(text, true);
  const errors: FieldError[] = [];
  if (range === undefined) {
    errors.push(field.invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'));
  } else if (parseCidr(text) === undefined) {
    errors.push(field.invalid(path, text, 'must not have leading 0s in IP or prefix length'));
  } else if (isIpv4Mapped(range.address)) {
    errors.push(field.invalid(path, text, 'must not have an IPv4-mapped IPv6 address'));
  } else if (!sameIp(range.address, masked(range))) {
    errors.push(field.invalid(path, text, 'must not have bits set beyond the prefix length'));
  }
  return { range, errors };
}

/** A network in canonical form. */
export function validateCidr(path: string, text: string): readonly FieldError[] {
  const { range, errors } = checkCidr(path, text);
  if (range !== undefined && errors.length === 0 && cidrText(range) !== text) {
    errors.push(field.invalid(path, text, `must be in canonical form (${quote(cidrText(range))})`));
  }
  return errors;
}

export function validateLegacyCidr(path: string, text: string, old: readonly string[] = []): readonly FieldError[] {
  return old.includes(text) ? [] : checkCidr(path, text).errors;
}

/** Warnings about an address in a form that is valid but not canonical (validation.GetWarningsForIP). */
export function ipWarnings(path: string, text: string): readonly string[] {
  const ip = parseIp(text, true);
  if (ip === undefined) return [];
  const canonical = ipText(ip);
  if (parseIp(text) === undefined || isIpv4Mapped(ip)) {
    return [`${path}: non-standard IP address ${quote(text)} is invalid: use ${quote(canonical)}`];
  }
  if (ip.family === 4 || canonical === text) return [];
  return [`${path}: IPv6 address ${quote(text)} should be in RFC 5952 canonical format (${quote(canonical)})`];
}

/** Warnings about a network in a form that is valid but not canonical (validation.GetWarningsForCIDR). */
export function cidrWarnings(path: string, text: string): readonly string[] {
  const range = parseCidr(text, true);
  if (range === undefined) return [];
  const canonical = cidrText(range);
  const warnings: string[] = [];
  if (!sameIp(range.address, masked(range))) {
    const single = `${ipText(range.address)}/${range.address.bytes.length * 8}`;
    const choice = `(should be ${quote(canonical)} or ${quote(single)}?)`;
    warnings.push(`${path}: CIDR value ${quote(text)} is ambiguous in this context ${choice}`);
  }
  if (parseCidr(text) === undefined || isIpv4Mapped(range.address)) {
    warnings.push(`${path}: non-standard CIDR value ${quote(text)} is invalid: use ${quote(canonical)}`);
  } else if (warnings.length === 0 && range.address.family === 6 && canonical !== text) {
    const shown = `(${quote(canonical)})`;
    warnings.push(`${path}: IPv6 CIDR value ${quote(text)} should be in RFC 5952 canonical format ${shown}`);
  }
  return warnings;
}
