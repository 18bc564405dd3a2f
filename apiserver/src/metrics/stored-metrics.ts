import type { ServedResource } from '../registry/served-resource.ts';
import type { MetricRegistry } from './registry.ts';

/** How much is stored of each resource. Read when somebody asks. */
export function describeStored(registry: MetricRegistry, resources: () => Iterable<ServedResource>): void {
  const gauge = (name: string, help: string, read: (served: ServedResource) => number) =>
    registry.gauge({ name: `apiserver_resource_${name}`, help, labels: ['group', 'resource'] }, function* () {
      // Versions of one resource share what is stored; a label set is written once.
      for (const served of resources())
        yield [[served.groupResource.group, served.groupResource.resource], read(served)];
    });
  gauge('objects', 'Number of stored objects split by kind.', ({ store }) => store.size);
  gauge('size_estimate_bytes', 'Size of stored objects in bytes.', ({ store }) => store.storedBytes);
}
