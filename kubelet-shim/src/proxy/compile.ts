import { createHash } from 'node:crypto';
import { chooseEndpoints } from './choose-endpoints.ts';
import type { ServiceEndpoint, ServicePort } from './service-ports.ts';

/** A network that rules are compiled for. */
export interface ProxyView {
  /** Empty: the host itself, which stands for the cloud's load balancers and for the machines of the Fargate pool. */
  readonly nodeName: string;
  readonly zone: string;
  /** Pods of the cluster: they reach addresses of the policy `Local` as if it were `Cluster`. */
  readonly clusterPods: string;
  /** On the host: endpoints (`address . port`) that are reached at another place. */
  readonly moved?: ReadonlyMap<string, string>;
}

/** The rules of some Service ports: a part of a table that is put there and taken away as one. */
export interface RulePiece {
  /** By chain: its rules in order. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** By name: the declaration of a set that the rules fill. */
  readonly sets: ReadonlyMap<string, string>;
  readonly elements: readonly RuleElement[];
}

/** An element of one of the table's own sets and maps. `value` is empty for sets. */
export interface RuleElement {
  readonly set: keyof typeof tableSets;
  readonly key: string;
  readonly value: string;
}

/** Sets and maps of every table. */
export const tableSets = {
  /** What leads somewhere: cluster IPs, load balancers, external addresses. */
  services: 'map services { type ipv4_addr . inet_proto . inet_service : verdict; }',
  node_ports: 'map node_ports { type inet_proto . inet_service : verdict; }',
  /** What leads nowhere now. */
  unserved: 'map unserved { type ipv4_addr . inet_proto . inet_service : verdict; }',
  unserved_ports: 'map unserved_ports { type inet_proto . inet_service : verdict; }',
  /** Cluster IPs in use: their other ports refuse. */
  cluster_ips: 'set cluster_ips { type ipv4_addr; }',
  /** Endpoints that may reach themselves through a Service. */
  hairpins: 'set hairpins { type ipv4_addr . ipv4_addr; }',
} as const;

/** Packets that must leave with this node's own address, or their answers would not come back through it. */
export const masqueradeMark = '0x4000';
const markForMasquerade = `meta mark set meta mark or ${masqueradeMark}`;

export function compilePorts(ports: readonly ServicePort[], view: ProxyView): RulePiece {
  const piece = {
    chains: new Map<string, readonly string[]>(),
    sets: new Map<string, string>(),
    elements: [] as RuleElement[],
  };
  for (const port of ports) compilePort(port, view, piece);
  return piece;
}

interface GrowingPiece extends RulePiece {
  readonly chains: Map<string, readonly string[]>;
  readonly sets: Map<string, string>;
  readonly elements: RuleElement[];
}

function compilePort(port: ServicePort, view: ProxyView, piece: GrowingPiece): void {
  const { cluster, local, anywhere } = chooseEndpoints(port, view.nodeName, view.zone);
  const isHost = view.nodeName === '';
  const name = chainSuffix(port.id);
  const internalLocal = port.internalLocal && !isHost;
  const externalLocal = port.externalLocal && !isHost;
  const moved = isHost ? view.moved : undefined;
  const all = addBalancer(piece, `all-${name}`, port, cluster, moved);
  const here = internalLocal || externalLocal ? addBalancer(piece, `local-${name}`, port, local) : undefined;
  const unserved = anywhere ? 'drop' : 'goto refuse';

  const addresses = (ips: readonly string[]) => ips.map((ip) => `${ip} . ${port.protocol} . ${port.port}`);
  for (const ip of port.clusterIps) piece.elements.push({ set: 'cluster_ips', key: ip, value: '' });
  const internal = internalLocal ? here : all;
  lead(piece, addressSets, addresses(port.clusterIps), internal, internal === undefined ? unserved : undefined);
  const external = addExternal(piece, `external-${name}`, {
    isHost,
    externalLocal,
    all,
    here,
    clusterPods: view.clusterPods,
  });
  const balanced = guarded(piece, `guard-${name}`, port, external);
  // Without an endpoint here only pods and processes of this node get on to other nodes': the rest is dropped.
  const rest = external === undefined || (externalLocal && here === undefined) ? unserved : undefined;
  lead(piece, addressSets, addresses(port.externalIps), external, rest);
  lead(piece, addressSets, addresses(port.loadBalancerIps), balanced, rest);
  if (port.nodePort > 0 && !isHost) lead(piece, portSets, [`${port.protocol} . ${port.nodePort}`], external, rest);
  for (const endpoint of cluster) {
    if (!isHost && endpoint.nodeName !== view.nodeName) continue;
    piece.elements.push({ set: 'hairpins', key: `${endpoint.address} . ${endpoint.address}`, value: '' });
  }
}

/** `goto` some chain: where packets of some address go on. */
type Verdict = string;

const addressSets = { served: 'services', unserved: 'unserved' } as const;
const portSets = { served: 'node_ports', unserved: 'unserved_ports' } as const;

/** Leads keys to `target` where there is one, and whatever is not translated then to `unserved`, where that is given. */
function lead(
  piece: GrowingPiece,
  sets: typeof addressSets | typeof portSets,
  keys: readonly string[],
  target: Verdict | undefined,
  unserved: Verdict | undefined,
): void {
  for (const key of keys) {
    if (target !== undefined) piece.elements.push({ set: sets.served, key, value: target });
    if (unserved !== undefined) piece.elements.push({ set: sets.unserved, key, value: unserved });
  }
}

/** Chain that chooses an endpoint; undefined where there is none to choose. */
function addBalancer(
  piece: GrowingPiece,
  chain: string,
  port: ServicePort,
  endpoints: readonly ServiceEndpoint[],
  moved?: ReadonlyMap<string, string>,
): Verdict | undefined {
  if (endpoints.length === 0) return undefined;
  piece.chains.set(
    chain,
    port.affinitySeconds > 0 ? stickyRules(piece, chain, port, endpoints) : evenRules(port, endpoints, moved),
  );
  return `goto ${chain}`;
}

function evenRules(
  { protocol }: ServicePort,
  endpoints: readonly ServiceEndpoint[],
  moved: ReadonlyMap<string, string> = new Map(),
): readonly string[] {
  const places = endpoints.map(({ address, port }) => `${address} . ${port}`);
  const choices = places.map((place, index) => `${index} : ${moved.get(place) ?? place}`);
  return [
    `meta l4proto ${protocol} dnat ip addr . port to numgen random mod ${endpoints.length} map { ${choices.join(', ')} }`,
  ];
}

/** Each endpoint remembers its clients, so that its going forgets them with it. */
function stickyRules(
  piece: GrowingPiece,
  chain: string,
  { protocol, affinitySeconds }: ServicePort,
  endpoints: readonly ServiceEndpoint[],
): readonly string[] {
  const own = endpoints.map(({ address, port }) => {
    const name = `${chain}-${address}-${port}`;
    const clients = `clients-${affinitySeconds}-${name}`;
    piece.sets.set(clients, `{ type ipv4_addr; flags dynamic,timeout; timeout ${affinitySeconds}s; }`);
    piece.chains.set(name, [`update @${clients} { ip saddr } meta l4proto ${protocol} dnat to ${address}:${port}`]);
    return { name, clients };
  });
  const choices = own.map(({ name }, index) => `${index} : goto ${name}`);
  return [
    ...own.map(({ name, clients }) => `ip saddr @${clients} goto ${name}`),
    `numgen random mod ${own.length} vmap { ${choices.join(', ')} }`,
  ];
}

interface ExternalRules {
  readonly isHost: boolean;
  readonly externalLocal: boolean;
  readonly all: Verdict | undefined;
  readonly here: Verdict | undefined;
  readonly clusterPods: string;
}

/** Chain for traffic from outside; undefined where no endpoint is left for anybody. */
function addExternal(piece: GrowingPiece, chain: string, rules: ExternalRules): Verdict | undefined {
  const { all, here } = rules;
  if (all === undefined) return undefined;
  // Answers to what the host sends on come back through the host: it keeps the client's address.
  if (rules.isHost) return all;
  piece.chains.set(
    chain,
    rules.externalLocal
      ? [
          `ip saddr ${rules.clusterPods} ${all}`,
          `fib saddr type local ${markForMasquerade} ${all}`,
          ...(here ? [here] : []),
        ]
      : [markForMasquerade, all],
  );
  return `goto ${chain}`;
}

/** Keeps everybody out whom the Service does not name. */
function guarded(
  piece: GrowingPiece,
  chain: string,
  port: ServicePort,
  target: Verdict | undefined,
): Verdict | undefined {
  if (port.sourceRanges.length === 0 || port.loadBalancerIps.length === 0 || target === undefined) return target;
  piece.chains.set(chain, [`ip saddr != { ${port.sourceRanges.join(', ')} } drop`, target]);
  return `goto ${chain}`;
}

/** Chain names are limited; the text behind the hash is for people who list the rules. */
function chainSuffix(id: string): string {
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${hash}-${id.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 60)}`;
}
