/** IPv4 arithmetic on unsigned 32-bit numbers. */

export interface Ipv4Range {
  /** First address, as a number. */
  readonly base: number;
  /** 0 to 32. */
  readonly prefix: number;
}

/** Undefined where the text is not four decimal numbers. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatAddress(address: number): string {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.');
}

/** `10.0.0.0/16`. Throws where it is no IPv4 range. */
export function parseRange(text: string): Ipv4Range {
  const [address = '', prefixText = ''] = text.split('/');
  const value = parseAddress(address);
  const prefix = Number(prefixText);
  if (value === undefined || !/^\d{1,2}$/.test(prefixText) || prefix > 32) {
    throw new Error(`${JSON.stringify(text)} is not an IPv4 range such as 10.0.0.0/16`);
  }
  return { base: value - (value % 2 ** (32 - prefix)), prefix };
}

export function formatRange(range: Ipv4Range): string {
  return `${formatAddress(range.base)}/${range.prefix}`;
}

/** How many addresses. */
export function rangeSize(range: Ipv4Range): number {
  return 2 ** (32 - range.prefix);
}

export function rangesOverlap(a: Ipv4Range, b: Ipv4Range): boolean {
  return a.base < b.base + rangeSize(b) && b.base < a.base + rangeSize(a);
}

export function rangeContains(range: Ipv4Range, address: number): boolean {
  return address >= range.base && address < range.base + rangeSize(range);
}

/** The `index`th part of that size, counted from 0. Throws where the range has no such part. */
export function subrange(range: Ipv4Range, prefix: number, index: number): Ipv4Range {
  const base = range.base + index * 2 ** (32 - prefix);
  if (prefix < range.prefix || base >= range.base + rangeSize(range)) {
    throw new Error(`${formatRange(range)} has no /${prefix} number ${index}`);
  }
  return { base, prefix };
}
