import type { Environment, Running } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { Services } from '@coracle/apimachinery/resources';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { EventRecorder } from '@coracle/client/events';
import type { Informers, Lister } from '@coracle/client/informer';
import type { Client } from '@coracle/client/rest';
import { createWorkQueue } from '@coracle/client/workqueue';
import { formatAddress, type Ipv4Range, parseAddress, rangeContains, rangeSize } from '../network/index.ts';

export interface LoadBalancerParts {
  readonly environment: Environment;
  readonly client: Client;
  readonly informers: Informers;
  /** As `service-controller`. */
  readonly events: EventRecorder;
  readonly addresses: Ipv4Range;
}

export interface LoadBalancerController extends Running {
  run(): void;
}

/** Gives Services of type LoadBalancer an address of the cluster's range, at which the proxy answers on this host. */
export function createLoadBalancerController(parts: LoadBalancerParts): LoadBalancerController {
  const { environment, client, events, addresses } = parts;
  const services = parts.informers.for(Services);
  const queue = createWorkQueue(environment);
  const keyOf = ({ metadata }: Service): string => `${metadata?.namespace}/${metadata?.name}`;
  const touch = (service: Service): void => {
    if (wantsBalancer(service) || hasBalancer(service)) queue.add(keyOf(service));
  };
  services.addHandler({
    added: touch,
    updated: touch,
    deleted() {
      // An address is free again: for those that found none.
      for (const service of services.lister.list()) if (wantsBalancer(service) && !hasBalancer(service)) touch(service);
    },
  });
  let working: Promise<void> | undefined;
  /** Given away, but perhaps not yet seen in the lister. */
  const given = new Map<string, string>();

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/');
    const service = services.lister.get(name, namespace);
    if (service === undefined || !wantsBalancer(service)) {
      given.delete(key);
      if (service !== undefined && hasBalancer(service)) await write(client, service, []);
      return;
    }
    if (hasBalancer(service)) return;
    const address = chooseAddress(service, addresses, takenAddresses(services.lister, given, key));
    if (address === undefined) {
      events.event(service, 'Warning', 'SyncLoadBalancerFailed', 'Error syncing load balancer: no free address');
      return;
    }
    given.set(key, address);
    events.event(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
    await write(client, service, [{ ip: address, ipMode: 'VIP' }]);
    events.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
  };

  const work = async (): Promise<void> => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      try {
        await reconcile(key);
        queue.forget(key);
      } catch (error) {
        environment.log.warn('Service has no load balancer yet', { service: key, error: String(error) });
        queue.addRateLimited(key);
      } finally {
        queue.done(key);
      }
    }
  };

  return {
    run() {
      working = work();
    },
    async stop() {
      queue.shutDown();
      await working;
    },
  };
}

/** Classes of load balancer are for others' controllers. */
function wantsBalancer({ spec, metadata }: Service): boolean {
  return (
    spec?.type === 'LoadBalancer' && spec.loadBalancerClass === undefined && metadata?.deletionTimestamp === undefined
  );
}

function hasBalancer({ status, spec }: Service): boolean {
  return (status?.loadBalancer?.ingress?.length ?? 0) > 0 && spec?.loadBalancerClass === undefined;
}

function takenAddresses(
  lister: Lister<Service>,
  given: ReadonlyMap<string, string>,
  except: string,
): ReadonlySet<string> {
  const taken = new Set(
    lister.list().flatMap(({ status }) => status?.loadBalancer?.ingress?.map(({ ip }) => ip ?? '') ?? []),
  );
  for (const [key, address] of given) if (key !== except) taken.add(address);
  return taken;
}

/** The one the Service asks for, where it is free, else the lowest free one. The first and the last are no host's. */
export function chooseAddress(
  { spec }: Pick<Service, 'spec'>,
  range: Ipv4Range,
  taken: ReadonlySet<string>,
): string | undefined {
  const wanted = parseAddress(spec?.loadBalancerIP ?? '');
  if (wanted !== undefined && rangeContains(range, wanted) && !taken.has(formatAddress(wanted)))
    return formatAddress(wanted);
  for (let offset = 1; offset < rangeSize(range) - 1; offset++) {
    const address = formatAddress(range.base + offset);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

async function write(client: Client, { metadata }: Service, ingress: readonly object[]): Promise<void> {
  const key = { namespace: metadata?.namespace, name: metadata?.name ?? '' };
  try {
    await client.patch(
      Services,
      key,
      { type: 'merge', body: { status: { loadBalancer: { ingress } } } },
      { subresource: 'status' },
    );
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
}
