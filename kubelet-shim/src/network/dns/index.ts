/** The cluster's name server. */
import type { Environment, Running } from '@coracle/apimachinery/component';
import { EndpointSlices, Namespaces, Services } from '@coracle/apimachinery/resources';
import type { Informers } from '@coracle/client/informer';
import { type NameServerOptions, serveZone } from './name-server.ts';
import type { ZoneData } from './zone.ts';

export type { NameServerOptions } from './name-server.ts';

const byService = 'dns-service';
const byAddress = 'dns-address';

/** Starts the name server over informers that are started later: until they have synced, names do not exist. */
export function startNameServer(
  environment: Environment,
  informers: Informers,
  options: NameServerOptions,
): Promise<Running> {
  return serveZone(environment, zoneData(informers), options);
}

function zoneData(informers: Informers): ZoneData {
  const services = informers.for(Services);
  const slices = informers.for(EndpointSlices);
  const namespaces = informers.for(Namespaces);
  services.addIndex(byAddress, ({ spec }) => spec?.clusterIPs ?? []);
  slices.addIndex(byService, ({ metadata }) => [
    `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name'] ?? ''}`,
  ]);
  slices.addIndex(byAddress, ({ endpoints }) => endpoints?.flatMap(({ addresses }) => addresses) ?? []);
  return {
    service: (namespace, name) => services.lister.get(name, namespace),
    hasNamespace: (namespace) => namespaces.lister.get(namespace) !== undefined,
    slices: (namespace, service) => slices.lister.byIndex(byService, `${namespace}/${service}`),
    serviceAt: (address) => services.lister.byIndex(byAddress, address)[0],
    slicesAt: (address) => slices.lister.byIndex(byAddress, address),
  };
}
