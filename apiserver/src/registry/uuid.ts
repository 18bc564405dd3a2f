import type { Random } from '@coracle/apimachinery/clock';

const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A random (version 4) UUID from the given source. */
export function newUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  let text = '';
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += hexOfByte[bytes[index] as number];
  }
  return text;
}

/** Letters that cannot spell words: upstream's alphabet for generated names. */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const generatedSuffixLength = 5;
const generatedNameLengthMax = 63;

/** `base` cut to fit, with five random characters after it. */
export function generateName(base: string, random: Random): string {
  let name = base.slice(0, generatedNameLengthMax - generatedSuffixLength);
  for (let index = 0; index < generatedSuffixLength; index++) {
    name += nameAlphabet[Math.floor(random.next() * nameAlphabet.length)];
  }
  return name;
}
