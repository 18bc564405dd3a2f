import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { quote } from '@coracle/apimachinery/errors';

export interface PemBlock {
  /** `CERTIFICATE` */
  readonly type: string;
  /** Lines of `name: value` before the content. */
  readonly hasHeaders: boolean;
  readonly der: Buffer;
}

const blockPattern = /^-----BEGIN ([^\n]*?)-----[ \t\r]*\n([\s\S]*?)^-----END \1-----/gm;

/** The blocks of a PEM text. What is between them, and blocks whose content is not base64, do not count, as in Go. */
export function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(blockPattern)].flatMap(([, type = '', body = '']) => {
    const lines = body.split('\n').map((line) => line.trim());
    const content = lines.filter((line) => !line.includes(':')).join('');
    if (content.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(content)) return [];
    return [{ type, hasHeaders: lines.some((line) => line.includes(':')), der: Buffer.from(content, 'base64') }];
  });
}

/** Undefined where it is none. */
export function parseCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** Why base64 text holds no certificates; undefined where it does. */
export function certificatesProblem(base64: string): string | undefined {
  const blocks = pemBlocks(Buffer.from(base64, 'base64').toString('latin1'));
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const { type, hasHeaders, der } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${quote(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (parseCertificate(der) === undefined) return 'x509: malformed certificate';
  }
  return undefined;
}
