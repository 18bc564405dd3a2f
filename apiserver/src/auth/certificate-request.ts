import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Pkcs10CertificateRequest } from '@peculiar/x509';

export interface RequestSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Who a PEM certificate request is for. Throws where it cannot be read. */
export async function subjectOfRequest(pem: string): Promise<RequestSubject> {
  const { subjectName } = await read(pem);
  return { commonName: subjectName.getField('CN').at(-1) ?? '', organizations: subjectName.getField('O') };
}

/** Whether bytes are a PKCS#10 request. */
export async function isCertificateRequest(der: Buffer): Promise<boolean> {
  return await read(der).then(
    () => true,
    () => false,
  );
}

/** The key that a request is for, and whether the request is signed with it. Throws where it cannot be read. */
export async function keyOfRequest(
  der: Buffer,
): Promise<{ readonly key: KeyObject; readonly isSigned: () => Promise<boolean> }> {
  const request = await read(der);
  const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  return { key, isSigned: () => request.verify().catch(() => false) };
}

async function read(request: string | Buffer): Promise<Pkcs10CertificateRequest> {
  // Only who asks for certificates pays for loading the reader.
  await import('reflect-metadata');
  const { Pkcs10CertificateRequest } = await import('@peculiar/x509');
  return new Pkcs10CertificateRequest(request);
}
