import { quote } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { EndpointSlices, Services } from '@coracle/apimachinery/resources';
import type { APIService } from '@coracle/apimachinery/types/apiregistration-v1';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import type { EndpointReaders } from '../webhooks/index.ts';

/** What `Available` says of an APIService. */
export interface Availability {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

export const passed: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };

export const failedDiscovery = (message: string): Availability => unavailable('FailedDiscoveryCheck', message);

const portDefault = 443;

/** Why a server need not even be asked; undefined where it may be (kube-aggregator `pkg/controllers/status/remote`). */
export async function obstacleOf(readers: EndpointReaders, { spec }: APIService): Promise<Availability | undefined> {
  const { namespace = '', name = '', port = portDefault } = spec?.service ?? {};
  const shown = `service/${name} in ${quote(namespace)}`;
  const service = await readers.get<Service & KubernetesObject>(Services, { namespace, name });
  if (service === undefined) return unavailable('ServiceNotFound', `${shown} is not present`);
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const found = (service.spec?.ports ?? []).find((each) => each.port === port);
  if (found === undefined) return unavailable('ServicePortError', `${shown} is not listening on port ${port}`);
  const slices = (await readers.list<EndpointSlice & KubernetesObject>(EndpointSlices, namespace)).filter(
    ({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === name,
  );
  if (slices.length === 0) return unavailable('EndpointsNotFound', `cannot find endpointslices for ${shown}`);
  const portName = found.name ?? '';
  if (slices.some((slice) => hasEndpoint(slice, portName))) return undefined;
  const what = `have no addresses with port name ${quote(portName)}`;
  return unavailable('MissingEndpoints', `endpointslices for ${shown} ${what}`);
}

function hasEndpoint({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const ready = (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false);
  return ready && (ports ?? []).some(({ name, port }) => (name ?? '') === portName && port !== undefined);
}

function unavailable(reason: string, message: string): Availability {
  return { status: 'False', reason, message };
}
