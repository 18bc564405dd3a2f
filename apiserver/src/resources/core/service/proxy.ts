import { badRequest, serviceUnavailable } from '@coracle/apimachinery/errors';
import type { Service } from '@coracle/apimachinery/types/core-v1';
import type { EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import type { StrategyParts } from '../../parts.ts';
import { proxyTarget, splitProxyName } from '../../shared/proxy-target.ts';
import type { ConnectCall, SubresourceStrategy } from '../../shared/registry.ts';

/** `/api/v1/namespaces/<ns>/services/[scheme:]<name>[:port]/proxy/…` goes to one ready endpoint of the service. */
export function serviceProxy(parts: StrategyParts): SubresourceStrategy<Service> {
  return {
    type: 'connect',
    optionsKind: 'ServiceProxyOptions',
    async connect(call) {
      if (!parts.connector) throw serviceUnavailable('this server has no connection to pods');
      const { scheme, name, port } = splitProxyName(call.name, 'service');
      const { host, number } = await pickEndpoint(call, name, port);
      return parts.connector.proxy(proxyTarget(scheme, host, number, call), call);
    },
  };
}

const services = { group: '', resource: 'services' };

async function pickEndpoint(
  call: ConnectCall,
  name: string,
  wanted: string,
): Promise<{ host: string; number: number }> {
  const { readers, environment } = call.context;
  const service = await readers.get<Service>(services, { namespace: call.namespace, name }, { type: 'newest' });
  const noEndpoints = () => serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  if (!service) throw noEndpoints();
  const portName = portNameOf(service, wanted);
  const slices = await readers.list<EndpointSlice>(
    { group: 'discovery.k8s.io', resource: 'endpointslices' },
    call.namespace,
  );
  const found = slices
    .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === name)
    .flatMap(({ endpoints, ports }) => {
      const port = ports?.find((candidate) => (candidate.name ?? '') === portName)?.port;
      const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return port === undefined ? [] : ready.map(({ addresses }) => ({ host: addresses[0] as string, number: port }));
    });
  const picked = found[Math.floor(environment.random.next() * found.length)];
  if (!picked) throw noEndpoints();
  return picked;
}

/** Name of the port as endpoints have it, for a name, a number or nothing. */
function portNameOf({ metadata, spec }: Service, wanted: string): string {
  const ports = spec?.ports ?? [];
  if (wanted === '') {
    if (ports.length === 1) return ports[0]?.name ?? '';
    const unnamed = ports.find(({ name }) => !name);
    return unnamed ? '' : (ports[0]?.name ?? '');
  }
  const found = /^\d+$/.test(wanted)
    ? ports.find(({ port }) => port === Number(wanted))
    : ports.find(({ name }) => name === wanted);
  if (!found && /^\d+$/.test(wanted)) {
    throw serviceUnavailable(`no service port ${wanted} found for service ${JSON.stringify(metadata?.name)}`);
  }
  if (!found)
    throw badRequest(`no service port ${JSON.stringify(wanted)} found for service ${JSON.stringify(metadata?.name)}`);
  return found.name ?? '';
}
