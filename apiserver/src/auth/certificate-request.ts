export interface RequestSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** Who a PEM certificate request is for. Throws where it cannot be read. */
export async function subjectOfRequest(pem: string): Promise<RequestSubject> {
  // Only who asks for certificates pays for loading the reader.
  await import('reflect-metadata');
  const { Pkcs10CertificateRequest } = await import('@peculiar/x509');
  const { subjectName } = new Pkcs10CertificateRequest(pem);
  return { commonName: subjectName.getField('CN').at(-1) ?? '', organizations: subjectName.getField('O') };
}
