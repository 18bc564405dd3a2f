import { children, contextTag, type DerNode, oid, readOid, sequence, tags, writeDer } from './der.ts';

/** Who a certificate is for, as much of it as Go's `pkix.Name` knows. */
export interface Subject {
  /** The last one, where there are several. */
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Encoded anew, what is not known left out: what was judged is what is signed. */
  readonly encoded: Uint8Array;
}

/** In the order in which Go writes them. */
const attributes = {
  country: '2.5.4.6',
  province: '2.5.4.8',
  locality: '2.5.4.7',
  streetAddress: '2.5.4.9',
  postalCode: '2.5.4.17',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
} as const;
/** These are one value; of the others all are kept. */
const singular: ReadonlySet<string> = new Set([attributes.commonName, attributes.serialNumber]);

export function readSubject(name: DerNode): Subject {
  const values = new Map<string, string[]>();
  for (const attribute of children(name).flatMap(children)) {
    const [type, value] = children(attribute);
    const id = readOid(type);
    if (value !== undefined) values.set(id, [...(values.get(id) ?? []), textOf(value)]);
  }
  const kept = (id: string) => {
    const all = values.get(id) ?? [];
    return singular.has(id) ? all.slice(-1).filter(Boolean) : all;
  };
  return {
    commonName: kept(attributes.commonName)[0] ?? '',
    organizations: kept(attributes.organization),
    encoded: sequence(...Object.values(attributes).flatMap((id) => relativeName(id, kept(id)))),
  };
}

function textOf({ tag, content }: DerNode): string {
  const bytes = Buffer.from(content);
  if (tag === tags.bmpString) return Buffer.from(bytes).swap16().toString('utf16le');
  return bytes.toString(tag === tags.teletexString ? 'latin1' : 'utf8');
}

function relativeName(id: string, values: readonly string[]): Uint8Array[] {
  if (values.length === 0) return [];
  const pairs = values.map((value) => sequence(oid(id), encodeText(value)));
  return [writeDer(tags.set, ...pairs.toSorted(Buffer.compare))];
}

function encodeText(value: string): Uint8Array {
  const tag = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? tags.printableString : tags.utf8String;
  return writeDer(tag, Buffer.from(value));
}

/** The names that a certificate may have beside its subject; other kinds are left out. */
export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly ipAddresses: readonly Uint8Array[];
  readonly uris: readonly string[];
}

const generalNames = { email: 1, dns: 2, uri: 6, ip: 7 } as const;

/** Throws an Error for a name that is none. */
export function readAlternativeNames(names: DerNode | undefined): AlternativeNames {
  const of = (kind: number) => children(names).filter(({ tag }) => tag === contextTag(kind, false));
  const texts = (kind: number) =>
    of(kind).map(({ content }) => {
      if (content.some((byte) => byte > 0x7f)) throw new Error('x509: invalid IA5String in subjectAltNames');
      return Buffer.from(content).toString('latin1');
    });
  return {
    dnsNames: texts(generalNames.dns),
    emailAddresses: texts(generalNames.email),
    uris: texts(generalNames.uri),
    ipAddresses: of(generalNames.ip).map(({ content }) => {
      if (content.length === 4) return content;
      if (content.length !== 16) throw new Error(`x509: cannot parse IP address of length ${content.length}`);
      return isMapped(content) ? content.subarray(12) : content;
    }),
  };
}

const isMapped = (bytes: Uint8Array) =>
  bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;

/** Kind by kind, in the order in which Go writes them; undefined where there are none. */
export function encodeAlternativeNames(names: AlternativeNames): Uint8Array | undefined {
  const { dnsNames, emailAddresses, ipAddresses, uris } = names;
  const encoded = (kind: number, values: readonly (string | Uint8Array)[]) =>
    values.map((value) => writeDer(contextTag(kind, false), Buffer.from(value as string)));
  const all = [
    ...encoded(generalNames.dns, dnsNames),
    ...encoded(generalNames.email, emailAddresses),
    ...encoded(generalNames.ip, ipAddresses),
    ...encoded(generalNames.uri, uris),
  ];
  return all.length === 0 ? undefined : sequence(...all);
}
