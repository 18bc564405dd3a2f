import type { Environment, Running } from '@coracle/apimachinery/component';
import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import type { Informers } from '@coracle/client/informer';
import { run, runQuietly } from '../machines/host/command.ts';
import { formatRange, hostServicesTable, isLoopback, type NetworkPlan } from '../network/index.ts';
import { compilePorts, type RulePiece } from './compile.ts';
import { type ServicePort, servicePorts } from './service-ports.ts';
import { type FlowFilter, staleFlows } from './stale-flows.ts';
import { frameScript, ServiceTable, type TableFrame } from './table.ts';

/** A network namespace that Services work in. */
export interface ProxyTarget {
  /** Empty: the host's own network, which balances load and serves the Fargate pool. */
  readonly nodeName: string;
  readonly zone: string;
  /** Where node ports answer, and whose address translated packets take. */
  readonly address: string;
  /** The words before a command to run it in that network; none: the host's own. */
  readonly enterNetwork: readonly string[];
  /** What the node's port 10250 leads to, for pods of the node itself. */
  readonly agent?: { readonly host: string; readonly port: number } | undefined;
}

/** Keeps the rules of every attached network as Services and their endpoints are. */
export interface ServiceProxy extends Running {
  /** Resolves once the rules of the present Services are in place; calling the result stops keeping them. */
  attach(target: ProxyTarget): Promise<() => void>;
}

/** Changes that come together are applied together. */
const gatherMs = 10;
const retryMs = 2000;
const nodeTable = 'coracle';

interface Attached {
  readonly target: ProxyTarget;
  readonly frame: TableFrame;
  table: ServiceTable | undefined;
  /** Services to look at again. */
  readonly dirty: Set<string>;
  readonly flows: FlowFilter[];
  applying: Promise<void> | undefined;
}

const serviceNameLabel = 'kubernetes.io/service-name';
const bySlice = 'service';

export interface ProxyOptions {
  readonly network: NetworkPlan;
  readonly serviceCidr: string;
  readonly apiServer: { readonly host: string; readonly port: number };
}

export function startServiceProxy(
  environment: Environment,
  informers: Informers,
  { network, apiServer, serviceCidr }: ProxyOptions,
): ServiceProxy {
  const { clock, log } = environment;
  const services = informers.for(Services);
  const slices = informers.for(EndpointSlices);
  const ports = new Map<string, readonly ServicePort[]>();
  const attached = new Set<Attached>();
  const stopping = new AbortController();
  const pods = formatRange(network.pods);
  // A packet is translated once: what other networks send to the gateway goes on to loopback there, the host's own must go at once.
  const moved = new Map(
    isLoopback(apiServer.host) ? [[`${network.gateway} . ${apiServer.port}`, `127.0.0.1 . ${apiServer.port}`]] : [],
  );

  slices.addIndex(bySlice, (slice) => [keyOfSlice(slice)]);

  /** The Service's ports as they are now, and what its last change left to be forgotten. */
  const refresh = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/');
    const service = services.lister.get(name, namespace);
    const before = ports.get(key) ?? [];
    const after = service === undefined ? [] : servicePorts(service, slices.lister.byIndex(bySlice, key));
    if (before.length === 0 && after.length === 0) return;
    if (after.length === 0) ports.delete(key);
    else ports.set(key, after);
    const flows = staleFlows(before, after);
    for (const one of attached) {
      one.dirty.add(key);
      one.flows.push(...flows);
      keep(one);
    }
  };

  /** One script at a time and network: what comes meanwhile is applied behind it. */
  const busy = (one: Attached, work: Promise<void>): void => {
    one.applying = work
      .catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log.error('Services are not kept', { node: one.target.nodeName, error: String(error) });
      })
      .finally(() => {
        one.applying = undefined;
        keep(one);
      });
  };

  const keep = (one: Attached): void => {
    if (one.applying === undefined && one.dirty.size > 0 && attached.has(one)) busy(one, applyAll(one));
  };

  const applyAll = async (one: Attached): Promise<void> => {
    while (attached.has(one) && one.dirty.size > 0) {
      await clock.sleep(gatherMs, stopping.signal);
      try {
        await applyOnce(one);
      } catch (error) {
        if (!attached.has(one)) return;
        // The table is in an unknown state: it is built anew.
        log.warn('rules were refused, building the table anew', { node: one.target.nodeName, error: String(error) });
        one.table = undefined;
        await clock.sleep(retryMs, stopping.signal);
      }
    }
  };

  const applyOnce = async (one: Attached): Promise<void> => {
    const fresh = one.table === undefined;
    const table = one.table ?? new ServiceTable(one.frame.name);
    if (fresh) for (const key of ports.keys()) one.dirty.add(key);
    const keys = [...one.dirty];
    const flows = one.flows.splice(0);
    one.dirty.clear();
    const view = { ...one.target, clusterPods: pods, moved };
    const changes = new Map<string, RulePiece | undefined>();
    for (const key of keys) {
      const own = ports.get(key);
      changes.set(key, own && compilePorts(own, view));
    }
    const script = table.replace(changes);
    try {
      const input = fresh ? frameScript(one.frame) + script : script;
      if (input !== '') await run([...one.target.enterNetwork, 'nft', '-f', '-'], { input });
    } catch (error) {
      for (const key of keys) one.dirty.add(key);
      throw error;
    }
    one.table = table;
    for (const filter of flows) await runQuietly([...one.target.enterNetwork, 'conntrack', '-D', ...filter]);
  };

  const serviceChanged = ({ metadata }: Service): void => refresh(`${metadata?.namespace}/${metadata?.name}`);
  const sliceChanged = (slice: EndpointSlice): void => refresh(keyOfSlice(slice));
  services.addHandler({ added: serviceChanged, updated: serviceChanged, deleted: serviceChanged });
  slices.addHandler({ added: sliceChanged, updated: sliceChanged, deleted: sliceChanged });

  return {
    async attach(target) {
      const one: Attached = {
        target,
        frame: frameOf(target, network, serviceCidr),
        table: undefined,
        dirty: new Set(),
        flows: [],
        applying: undefined,
      };
      attached.add(one);
      const first = applyOnce(one);
      busy(one, first);
      await first;
      return () => attached.delete(one);
    },
    async stop() {
      stopping.abort(new Error('the proxy is being stopped'));
      const own = [...attached];
      attached.clear();
      await Promise.all(own.map(({ applying }) => applying));
    },
  };
}

function keyOfSlice({ metadata }: EndpointSlice): string {
  return `${metadata?.namespace}/${metadata?.labels?.[serviceNameLabel] ?? ''}`;
}

/** The host looks only at packets of its machines and at those to its load balancers: it has other work than ours. */
function frameOf(target: ProxyTarget, network: NetworkPlan, serviceCidr: string): TableFrame {
  const { address, agent } = target;
  if (target.nodeName !== '') return { name: nodeTable, address, serviceCidr, agent, routed: [''], local: [''] };
  const balancers = `ip daddr ${formatRange(network.loadBalancers)}`;
  const inside = `ip saddr { ${formatRange(network.vpc)}, ${formatRange(network.pods)} }`;
  return { name: hostServicesTable(network), address, serviceCidr, routed: [inside, balancers], local: [balancers] };
}
