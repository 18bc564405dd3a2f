/** Letters and digits that spell no words: upstream's `rand.SafeEncodeString`. */
const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a over UTF-8 bytes, 32 bits, unsigned. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export function safeEncode(text: string): string {
  let encoded = '';
  for (let index = 0; index < text.length; index++)
    encoded += safeAlphabet[text.charCodeAt(index) % safeAlphabet.length];
  return encoded;
}

/** A short stable name for plain data: keys in order, absent and empty left out, then FNV-1a, then letters that spell nothing. */
export function hashOf(data: unknown, collisionCount?: number): string {
  const text = stableText(data) + (collisionCount === undefined ? '' : `#${collisionCount}`);
  return safeEncode(String(fnv32a(text)));
}

/** JSON with sorted keys and without absent or empty members. */
export function stableText(data: unknown): string {
  if (Array.isArray(data)) return `[${data.map((item) => stableText(item) || 'null').join(',')}]`;
  if (typeof data !== 'object' || data === null) return data === undefined ? '' : JSON.stringify(data);
  const members: string[] = [];
  for (const key of Object.keys(data).sort()) {
    const text = stableText((data as Record<string, unknown>)[key]);
    if (text !== '' && text !== '{}' && text !== '[]' && text !== 'null')
      members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}
