/** Bytes that base64 text stands for, without decoding it. */
export function base64Bytes(text: string | null): number {
  if (text === null) return 0;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/** The bytes of base64 text that decoding has let through. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.fromBase64(text);
}

/** Base64 of a text's UTF-8 bytes. */
export function toBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
