import { noneAcceptable, notAcceptable } from '@coracle/apimachinery/errors';

/** How an answer is written. */
export type Encoding = 'json' | 'yaml' | 'protobuf';

export const mediaTypeOf: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

/** Another view of the objects than their own kind, asked for with `as=…;g=…;v=…`. */
export interface Transform {
  readonly kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** Of the group `meta.k8s.io`. */
  readonly version: 'v1' | 'v1beta1';
}

export interface Negotiated {
  readonly encoding: Encoding;
  readonly pretty: boolean;
  readonly transform: Transform | undefined;
}

/** What an endpoint can produce. */
export interface Capabilities {
  /** Custom resources have no protobuf, except for their metadata. */
  readonly protobuf: boolean;
  readonly table: boolean;
  /** False where only the plain kind is produced: discovery, Status. */
  readonly transforms: boolean;
}

interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly parameters: readonly (readonly [string, string])[];
}

const encodings: readonly { encoding: Encoding; subtype: string }[] = [
  { encoding: 'json', subtype: 'json' },
  { encoding: 'yaml', subtype: 'yaml' },
  { encoding: 'protobuf', subtype: 'vnd.kubernetes.protobuf' },
];

const plainJson: Negotiated = { encoding: 'json', pretty: false, transform: undefined };

/** Headers differ by client, not by request: the few that are in use are parsed once. */
const clausesOfHeader = new Map<string, readonly Clause[]>();
const rememberedHeadersMax = 256;

/**
 * The best of what the client accepts and the endpoint has. Clauses are tried by quality, then from the specific to the
 * wild; one whose parameters cannot be met is passed over. Throws NotAcceptable.
 * Source: k8s.io/apiserver pkg/endpoints/handlers/negotiation.
 */
export function negotiate(accept: string | undefined, capabilities: Capabilities): Negotiated {
  if (accept === undefined || accept === '' || accept === 'application/json') return plainJson;
  return firstMatch(accept, capabilities, false) ?? refuse(capabilities, (type) => type);
}

/** As `negotiate`, for a watch: YAML has no way to tell one event from the next. */
export function negotiateStream(accept: string | undefined, capabilities: Capabilities): Negotiated {
  if (accept === undefined || accept === '' || accept === 'application/json') return plainJson;
  const found = firstMatch(accept, capabilities, true);
  if (found !== undefined && found.encoding !== 'yaml') return found;
  return refuse(capabilities, (type) => (type === mediaTypeOf.yaml ? undefined : `${type};stream=watch`));
}

/** Custom resources are served beside upstream's router, which words its refusals in its own way, and their metadata as protobuf. */
function refuse(capabilities: Capabilities, offer: (type: string) => string | undefined): never {
  const isCustom = capabilities.transforms && !capabilities.protobuf;
  const offered = (types: readonly string[]) => types.map(offer).filter((type) => type !== undefined);
  if (!isCustom) throw notAcceptable(offered(mediaTypes(capabilities)));
  throw noneAcceptable(offered(mediaTypes({ ...capabilities, protobuf: true })));
}

export function mediaTypes(capabilities: Capabilities): string[] {
  const types = [mediaTypeOf.json, mediaTypeOf.yaml];
  if (capabilities.protobuf) types.push(mediaTypeOf.protobuf);
  return types;
}

function firstMatch(accept: string, capabilities: Capabilities, stream: boolean): Negotiated | undefined {
  for (const clause of clausesOf(accept)) {
    for (const candidate of encodings) {
      if (!matches(clause, candidate.subtype)) continue;
      const answer = withParameters(clause, candidate.encoding, capabilities, stream);
      if (answer !== undefined) return answer;
    }
  }
  return undefined;
}

function matches(clause: Clause, subtype: string): boolean {
  if (clause.type === '*') return clause.subtype === '*';
  return clause.type === 'application' && (clause.subtype === '*' || clause.subtype === subtype);
}

function withParameters(
  clause: Clause,
  encoding: Encoding,
  capabilities: Capabilities,
  stream: boolean,
): Negotiated | undefined {
  let pretty = false;
  let asked: { kind: string; group: string; version: string } | undefined;
  for (const [name, value] of clause.parameters) {
    if (name === 'pretty') pretty = value === '1';
    else if (name === 'stream' && value !== '' && (value !== 'watch' || encoding === 'yaml')) return undefined;
    else if (name === 'sv' && value !== '') return undefined;
    else if (name === 'as') asked = { kind: value, group: asked?.group ?? '', version: asked?.version ?? '' };
    else if (name === 'g') asked = { kind: asked?.kind ?? '', group: value, version: asked?.version ?? '' };
    else if (name === 'v') asked = { kind: asked?.kind ?? '', group: asked?.group ?? '', version: value };
  }
  if (asked === undefined) {
    if (encoding === 'protobuf' && !capabilities.protobuf) return undefined;
    return { encoding, pretty, transform: undefined };
  }
  const transform = transformOf(asked, encoding, capabilities);
  if (transform === undefined) return undefined;
  if (stream && transform.kind === 'PartialObjectMetadataList') return undefined;
  return { encoding, pretty, transform };
}

function transformOf(
  asked: { readonly kind: string; readonly group: string; readonly version: string },
  encoding: Encoding,
  capabilities: Capabilities,
): Transform | undefined {
  const { kind, group, version } = asked;
  if (!capabilities.transforms || group !== 'meta.k8s.io') return undefined;
  if (version !== 'v1' && version !== 'v1beta1') return undefined;
  if (kind === 'Table') return capabilities.table && encoding !== 'protobuf' ? { kind, version } : undefined;
  if (kind === 'PartialObjectMetadata' || kind === 'PartialObjectMetadataList') return { kind, version };
  return undefined;
}

export function clausesOf(header: string): readonly Clause[] {
  let clauses = clausesOfHeader.get(header);
  if (clauses === undefined) {
    clauses = parseAccept(header);
    if (clausesOfHeader.size >= rememberedHeadersMax) clausesOfHeader.clear();
    clausesOfHeader.set(header, clauses);
  }
  return clauses;
}

function parseAccept(header: string): readonly Clause[] {
  const clauses: Clause[] = [];
  for (const part of header.split(',')) {
    const [range = '', ...rest] = part.split(';').map((piece) => piece.trim());
    const slash = range.indexOf('/');
    const type = slash < 0 ? range : range.slice(0, slash);
    const subtype = slash < 0 ? (range === '*' ? '*' : '') : range.slice(slash + 1);
    if (type === '' || subtype === '') continue;
    const parameters = rest.map(parameterOf).filter((pair) => pair !== undefined);
    const quality = Number(parameters.find(([name]) => name === 'q')?.[1] ?? 1);
    clauses.push({ type, subtype, quality: Number.isNaN(quality) ? 1 : quality, parameters });
  }
  return clauses.sort((left, right) => right.quality - left.quality || wildness(left) - wildness(right));
}

function parameterOf(text: string): readonly [string, string] | undefined {
  const equals = text.indexOf('=');
  if (equals < 0) return undefined;
  return [
    text.slice(0, equals).trim().toLowerCase(),
    text
      .slice(equals + 1)
      .trim()
      .replaceAll('"', ''),
  ];
}

function wildness(clause: Clause): number {
  return (clause.type === '*' ? 2 : 0) + (clause.subtype === '*' ? 1 : 0);
}
