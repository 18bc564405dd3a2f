import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { expect } from 'chai';
import { makeKeyAndProof } from './pkcs10.ts';

/** Content and end of the element at `at`. */
function element(der: Buffer, at: number): { content: Buffer; end: number; start: number } {
  const first = der[at + 1] ?? 0;
  const extra = first < 0x80 ? 0 : first & 0x7f;
  const length = extra === 0 ? first : der.readUIntBE(at + 2, extra);
  const begin = at + 2 + extra;
  return { content: der.subarray(begin, begin + length), end: begin + length, start: begin };
}

describe('makeKeyAndProof', () => {
  for (const [type, digest] of [
    ['ECDSAP256', 'sha256'],
    ['ECDSAP384', 'sha384'],
    ['ECDSAP521', 'sha512'],
    ['ED25519', null],
    ['RSA3072', 'sha256'],
  ] as const) {
    it(`${type}: the request is signed by the key that it names`, async () => {
      const { key, request } = await makeKeyAndProof(type);
      const outer = element(request, 0);
      expect(outer.end).to.equal(request.length);
      const info = element(request, outer.start);
      const algorithm = element(request, info.end);
      const signature = element(request, algorithm.end).content.subarray(1);
      const signed = request.subarray(outer.start, info.end);
      const publicKey = createPublicKey(createPrivateKey(key));
      expect(verify(digest, signed, publicKey, signature)).to.equal(true);
      expect(signed.includes(publicKey.export({ type: 'spki', format: 'der' }))).to.equal(true);
    });
  }

  it('refuses a type that nobody knows', async () => {
    const problem = await makeKeyAndProof('DSA').catch((error: Error) => error.message);
    expect(problem).to.equal('unknown key type "DSA"');
  });
});
