import { notFound, quote, serviceUnavailable } from '@coracle/apimachinery/errors';
import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import type { Random } from '@coracle/apimachinery/clock';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import type { Readers } from '../registry/readers.ts';

export type EndpointReaders = Pick<Readers, 'get' | 'list'>;

/** An address behind a Service. */
export interface ServiceTarget {
  readonly host: string;
  readonly port: number;
}

const serviceNameLabel = 'kubernetes.io/service-name';

/**
 * Picks one ready endpoint of a Service at random: the API server is no pod, and does without the service proxy. Throws
 * NotFound for no such Service or port, ServiceUnavailable for no endpoint.
 */
export async function resolveService(
  readers: EndpointReaders,
  random: Random,
  { namespace, name, port }: { readonly namespace: string; readonly name: string; readonly port: number },
): Promise<ServiceTarget> {
  const service = await readers.get<Service>(Services, { namespace, name });
  if (service === undefined) throw notFound({ group: '', resource: 'service' }, name);
  const { spec } = service;
  if (spec?.type === 'ExternalName') return { host: spec.externalName ?? '', port };
  const wanted = (spec?.ports ?? []).find((each) => each.port === port);
  if (wanted === undefined) throw serviceUnavailable(`no service port ${port} found for service ${quote(name)}`);
  const targets: ServiceTarget[] = [];
  for (const slice of await readers.list<EndpointSlice>(EndpointSlices, namespace)) {
    if (slice.metadata?.labels?.[serviceNameLabel] === name) targets.push(...targetsOf(slice, wanted.name ?? ''));
  }
  const target = targets[Math.floor(random.next() * targets.length)];
  if (target === undefined) throw serviceUnavailable(`no endpoints available for service ${quote(name)}`);
  return target;
}

function targetsOf({ ports, endpoints }: EndpointSlice, portName: string): ServiceTarget[] {
  const port = (ports ?? []).find((each) => (each.name ?? '') === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? []).flatMap(({ addresses, conditions }) => {
    const [host] = addresses;
    return host === undefined || conditions?.ready === false ? [] : [{ host, port }];
  });
}
