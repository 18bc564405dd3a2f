import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { Endpoint, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import { formatAddress, parseAddress } from '../ipv4.ts';
import { type Answer, type RecordData, type ResourceRecord, recordTypes, responseCodes } from './message.ts';

/** What the zone is read from. */
export interface ZoneData {
  service(namespace: string, name: string): Service | undefined;
  hasNamespace(namespace: string): boolean;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  /** The Service with this cluster IP. */
  serviceAt(address: string): Service | undefined;
  /** Slices with an endpoint at this address. */
  slicesAt(address: string): readonly EndpointSlice[];
}

export interface ZoneOptions {
  /** `cluster.local` */
  readonly domain: string;
  /** Seconds since 1970, for SOA. */
  readonly serial: number;
}

/** What a question about the zone comes to. */
export type ZoneAnswer =
  | Answer
  /** The name is another one's: to be looked up and answered with this record before it. */
  | { readonly alias: ResourceRecord & { readonly type: 'CNAME' } };

const ttlSeconds = 30;

/** Undefined where the name is none of the cluster's. The schema is kubernetes/dns specification.md 1.1.0, pods as CoreDNS' `insecure`. */
export function answerFromZone(
  data: ZoneData,
  options: ZoneOptions,
  question: { readonly name: string; readonly type: number },
): ZoneAnswer | undefined {
  const name = question.name.toLowerCase();
  if (name.endsWith('.in-addr.arpa')) return answerAddress(data, options, { ...question, name });
  const { domain } = options;
  if (name !== domain && !name.endsWith(`.${domain}`)) return undefined;
  const labels = name === domain ? [] : name.slice(0, -domain.length - 1).split('.');
  const found = lookUp(data, options, labels.toReversed());
  if (found === undefined) return negative(options, responseCodes.noSuchName);
  const alias = found.find((record) => record.type === 'CNAME');
  if (alias?.type === 'CNAME') return { alias: { ...alias, name: question.name, ttlSeconds } };
  const wanted = found.filter(
    (record) => question.type === recordTypes.ANY || recordTypes[record.type] === question.type,
  );
  if (wanted.length === 0) return negative(options, responseCodes.ok);
  return {
    code: responseCodes.ok,
    authoritative: true,
    answers: wanted.map((record) => ({ ...record, name: question.name, ttlSeconds })),
    additional: wanted.flatMap((record) => (record.type === 'SRV' ? addressesOf(data, options, record.target) : [])),
  };
}

/** Records of a name, its labels from the right; empty where it only has names below it, undefined where there is no such name. */
function lookUp(data: ZoneData, options: ZoneOptions, labels: readonly string[]): readonly RecordData[] | undefined {
  const [kind, ...rest] = labels;
  switch (kind) {
    case undefined:
      return [soa(options)];
    case 'dns-version':
      return rest.length === 0 ? [{ type: 'TXT', text: '1.1.0' }] : undefined;
    case 'svc':
      return lookUpService(data, options, rest);
    case 'pod':
      return lookUpPod(data, rest);
    default:
      return undefined;
  }
}

function lookUpPod(data: ZoneData, [namespace, dashed, ...more]: readonly string[]): readonly RecordData[] | undefined {
  if (namespace === undefined) return [];
  if (!data.hasNamespace(namespace) || more.length > 0) return undefined;
  if (dashed === undefined) return [];
  const address = parseAddress(dashed.replaceAll('-', '.'));
  return address === undefined ? undefined : [{ type: 'A', address }];
}

function lookUpService(
  data: ZoneData,
  options: ZoneOptions,
  labels: readonly string[],
): readonly RecordData[] | undefined {
  const [namespace, name, ...rest] = labels;
  if (namespace === undefined) return [];
  if (!data.hasNamespace(namespace)) return undefined;
  if (name === undefined) return [];
  const service = data.service(namespace, name);
  if (service?.spec === undefined) return undefined;
  if (service.spec.type === 'ExternalName') {
    return rest.length === 0
      ? [{ type: 'CNAME', target: (service.spec.externalName ?? '').replace(/\.$/, '') }]
      : undefined;
  }
  const own = `${name}.${namespace}.svc.${options.domain}`;
  const hosts = isHeadless(service) ? readyHosts(data.slices(namespace, name)) : undefined;
  if (rest.length === 0)
    return hosts ? hosts.map(({ address }) => ({ type: 'A', address })) : clusterAddresses(service);
  const [first, second, ...more] = rest;
  if (first?.startsWith('_') && second?.startsWith('_') && more.length === 0) {
    return servers(service, hosts, own, { port: second.slice(1), protocol: first.slice(1) });
  }
  if (first?.startsWith('_') && second === undefined) return [];
  if (hosts === undefined || second !== undefined) return undefined;
  const named = hosts.filter(({ hostName }) => hostName === first);
  return named.length === 0 ? undefined : named.map(({ address }) => ({ type: 'A', address }));
}

function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === 'None' || !spec?.clusterIP;
}

function clusterAddresses({ spec }: Service): readonly RecordData[] {
  return (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).flatMap((text) => {
    const address = parseAddress(text);
    return address === undefined ? [] : [{ type: 'A', address }];
  });
}

/** An endpoint of a headless Service. */
interface Host {
  readonly hostName: string;
  readonly address: number;
  readonly ports: EndpointSlice['ports'];
}

function readyHosts(slices: readonly EndpointSlice[]): readonly Host[] {
  const hosts = slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap((slice) =>
      (slice.endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap((endpoint) =>
          endpoint.addresses.flatMap((text) => {
            const address = parseAddress(text);
            return address === undefined ? [] : [{ hostName: hostNameOf(endpoint, text), address, ports: slice.ports }];
          }),
        ),
    );
  return [...new Map(hosts.map((host) => [`${host.hostName} ${host.address}`, host])).values()];
}

function hostNameOf(endpoint: Endpoint, address: string): string {
  return endpoint.hostname || address.replaceAll('.', '-');
}

/** SRV records; undefined where the Service has no such port. */
function servers(
  service: Service,
  hosts: readonly Host[] | undefined,
  own: string,
  wanted: { readonly port: string; readonly protocol: string },
): readonly RecordData[] | undefined {
  const isWanted = (port: { readonly name?: string | undefined; readonly protocol?: string | undefined }): boolean =>
    port.name === wanted.port && (port.protocol ?? 'TCP').toLowerCase() === wanted.protocol;
  const targets = hosts
    ? hosts.flatMap(({ hostName, ports }) =>
        (ports ?? []).filter(isWanted).map(({ port = 0 }) => ({ target: `${hostName}.${own}`, port })),
      )
    : (service.spec?.ports ?? []).filter(isWanted).map(({ port }) => ({ target: own, port }));
  if (targets.length === 0) return undefined;
  const weight = Math.floor(100 / targets.length);
  return targets.map((target) => ({ type: 'SRV', priority: 0, weight, ...target }));
}

function addressesOf(data: ZoneData, options: ZoneOptions, target: string): readonly ResourceRecord[] {
  const labels = target.slice(0, -options.domain.length - 1).split('.');
  const records = lookUp(data, options, labels.toReversed()) ?? [];
  return records.filter(({ type }) => type === 'A').map((record) => ({ ...record, name: target, ttlSeconds }));
}

/** PTR of cluster IPs and of endpoints; undefined where the address is none of the cluster's. */
function answerAddress(
  data: ZoneData,
  options: ZoneOptions,
  { name, type }: { readonly name: string; readonly type: number },
): ZoneAnswer | undefined {
  const number = parseAddress(name.slice(0, -'.in-addr.arpa'.length).split('.').toReversed().join('.'));
  if (number === undefined) return undefined;
  const targets = namesOf(data, options, formatAddress(number));
  if (targets.length === 0) return undefined;
  if (type !== recordTypes.PTR && type !== recordTypes.ANY) return negative(options, responseCodes.ok);
  const answers = targets.map((target) => ({ type: 'PTR' as const, target, name, ttlSeconds }));
  return { code: responseCodes.ok, authoritative: true, answers };
}

function namesOf(data: ZoneData, { domain }: ZoneOptions, address: string): readonly string[] {
  const service = data.serviceAt(address);
  if (service !== undefined) return [`${service.metadata?.name}.${service.metadata?.namespace}.svc.${domain}`];
  const names = data.slicesAt(address).flatMap((slice) => {
    const owner = slice.metadata?.labels?.['kubernetes.io/service-name'];
    const endpoint = slice.endpoints?.find(({ addresses }) => addresses.includes(address));
    if (owner === undefined || endpoint === undefined) return [];
    return [`${hostNameOf(endpoint, address)}.${owner}.${slice.metadata?.namespace}.svc.${domain}`];
  });
  return [...new Set(names)];
}

/** Names that do not exist, and names without such a record, are remembered as such for a few seconds. */
function negative(options: ZoneOptions, code: number): Answer {
  return {
    code,
    authoritative: true,
    answers: [],
    authority: [{ ...soa(options), name: options.domain, ttlSeconds: 5 }],
  };
}

function soa({ domain, serial }: ZoneOptions): RecordData {
  return { type: 'SOA', server: `ns.dns.${domain}`, mailbox: `hostmaster.${domain}`, serial };
}
