/** A text as Node has to be given it, which writes headers as Latin-1, so that its UTF-8 is what is sent. */
export function headerText(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The text that a header holds: Node has read its bytes as Latin-1. */
export function textOfHeader(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

/** What no header's name may hold is percent-encoded (client-go transport/round_trippers.go, headerKeyEscape). */
export function headerKey(key: string): string {
  return encodeURIComponent(key).replaceAll(/[()]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
}

/** The key that was encoded; one that is encoded badly stays as it is (Go's `url.PathUnescape`). */
export function keyOfHeader(encoded: string): string {
  if (!encoded.includes('%') || /%(?![0-9a-f]{2})/i.test(encoded)) return encoded;
  const bytes = encoded.replaceAll(/%(..)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return textOfHeader(bytes);
}
