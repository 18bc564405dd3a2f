import type { Random } from '../clock/clock.ts';

/** Consonants and digits that make no words (apimachinery/pkg/util/rand). */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const nameLengthMax = 63;

/** Characters for a generated name: five unless said otherwise. */
export function nameSuffix(random: Random, length = suffixLength): string {
  let suffix = '';
  for (let index = 0; index < length; index++) suffix += alphabet[Math.floor(random.next() * alphabet.length)];
  return suffix;
}

/** The name made from a generateName: the base cut so that the whole fits a label, plus five characters. */
export function generateName(base: string, random: Random): string {
  return base.slice(0, nameLengthMax - suffixLength) + nameSuffix(random);
}

/** Makes a hash safe for a name: each character mapped onto the alphabet (rand.SafeEncodeString). */
export function safeEncode(text: string): string {
  let encoded = '';
  for (let index = 0; index < text.length; index++) encoded += alphabet[text.charCodeAt(index) % alphabet.length];
  return encoded;
}
