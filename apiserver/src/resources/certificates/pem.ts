import { Buffer } from 'node:buffer';
import { quote } from '@coracle/apimachinery/errors';

/** Why base64 text holds no PEM blocks of a type; undefined where it does. What is inside a block is its signer's business. */
export function pemProblem(base64: string, type: string): string | undefined {
  const text = Buffer.from(base64, 'base64').toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----\r?\n([\s\S]*?)-----END \1-----/g)];
  if (type === 'CERTIFICATE REQUEST') {
    return blocks[0]?.[1] === type ? undefined : `PEM block type must be ${type}`;
  }
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const [, found = '', body = ''] of blocks) {
    if (found !== type) return `only ${type} PEM blocks are allowed, found ${quote(found)}`;
    if (body.includes(':')) return 'no PEM block headers are permitted';
  }
  return undefined;
}
