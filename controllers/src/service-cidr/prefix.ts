/** A range of addresses. */
export interface Prefix {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** Reads `10.0.0.0/16` or `fd00::/64`. Throws for anything else. */
export function parsePrefix(text: string): Prefix {
  const [address = '', lengthText = ''] = text.split('/');
  const { family, value } = parseAddress(address);
  const bits = family === 4 ? 32 : 128;
  const length = Number(lengthText);
  if (lengthText === '' || !Number.isInteger(length) || length < 0 || length > bits)
    throw new Error(`invalid CIDR address: ${text}`);
  const size = 1n << BigInt(bits - length);
  const first = (value / size) * size;
  return { family, first, last: first + size - 1n };
}

export function parseAddress(text: string): { family: 4 | 6; value: bigint } {
  return text.includes(':') ? { family: 6, value: parseV6(text) } : { family: 4, value: parseV4(text) };
}

export function contains(prefix: Prefix, address: { family: 4 | 6; value: bigint }): boolean {
  return prefix.family === address.family && address.value >= prefix.first && address.value <= prefix.last;
}

function parseV4(text: string): bigint {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    throw new Error(`invalid IP address: ${text}`);
  }
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function parseV6(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 0) throw new Error(`invalid IP address: ${text}`);
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  return all.reduce((value, group) => {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) throw new Error(`invalid IP address: ${text}`);
    return value * 65536n + BigInt(`0x${group}`);
  }, 0n);
}
