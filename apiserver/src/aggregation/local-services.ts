import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { APIServices } from '@coracle/apimachinery/resources';
import type { APIService } from '@coracle/apimachinery/types/apiregistration-v1';
import type { DiscoveredGroup } from '../discovery/index.ts';
import { timestamp } from '../registry/metadata.ts';
import type { Readers, Writers } from '../registry/readers.ts';
import { localCondition } from './strategy.ts';

/** Who keeps an APIService true: made at the start of the server, or kept in step with custom resources. */
const automanagedLabel = 'kube-aggregator.kubernetes.io/automanaged';

const firstGroupPriority = 18_000;
const groupPriorityStep = 100;
const customGroupPriority = 1000;
const customVersionPriority = 100;
const versionPriorityStep = 15;

/** Makes sure that there is an APIService for every group version this server serves itself, and none that is not served. */
export async function syncLocalServices(
  groups: readonly DiscoveredGroup[],
  builtinGroups: ReadonlySet<string>,
  { readers, writers }: { readonly readers: Readers; readonly writers: Writers },
  now: number,
): Promise<void> {
  const wanted = new Map<string, APIService & KubernetesObject>();
  for (const [rank, { group, versions }] of groups.entries()) {
    for (const [index, { version }] of versions.entries()) {
      const builtin = builtinGroups.has(group);
      const priority = {
        group: builtin ? firstGroupPriority - rank * groupPriorityStep : customGroupPriority,
        version: builtin ? (versions.length - index) * versionPriorityStep : customVersionPriority,
      };
      const service = localService(group, version, builtin ? 'onstart' : 'true', priority, now);
      wanted.set(service.metadata?.name ?? '', service);
    }
  }
  const present = await readers.list<APIService & KubernetesObject>(APIServices);
  const names = new Set(present.map(({ metadata }) => metadata?.name));
  const stale = present.filter(({ metadata, spec }) => {
    const managed = metadata?.labels?.[automanagedLabel] !== undefined && spec?.service === undefined;
    return managed && !wanted.has(metadata?.name ?? '');
  });
  await Promise.all([
    ...[...wanted].map(([name, service]) => (names.has(name) ? undefined : writers.create(APIServices, service))),
    ...stale.map(({ metadata }) => writers.delete(APIServices, { name: metadata?.name ?? '' }, {})),
  ]);
}

function localService(
  group: string,
  version: string,
  automanaged: string,
  priority: { readonly group: number; readonly version: number },
  now: number,
): APIService & KubernetesObject {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [automanagedLabel]: automanaged } },
    spec: { group, version, groupPriorityMinimum: priority.group, versionPriority: priority.version },
    status: { conditions: [localCondition(timestamp(now))] },
  };
}
