import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { InformerOptions, Informers } from './informer.ts';
import type { ReflectorDependencies } from './reflector.ts';
import { SharedInformer } from './shared-informer.ts';

export interface InformersOptions {
  /** Ask for the present state as the beginning of the watch instead of as a list. Falls back where it is refused. */
  readonly watchList?: boolean;
}

/** Informers over one client, so with that client's permissions. `dependencies.environment` gives back-off its time. */
export function createInformers(dependencies: ReflectorDependencies, options: InformersOptions = {}): Informers {
  const informers = new Map<string, SharedInformer<KubernetesObject>>();
  const stopping = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason), { once: true });
  });
  stopped.catch(() => undefined);
  const initializeBy = options.watchList ? 'stream' : 'list';
  let isStarted = false;

  return {
    for<T extends KubernetesObject>(resource: ResourceRef<T>, selection: InformerOptions = {}) {
      const key = sharingKey(resource, selection);
      const known = informers.get(key);
      if (known) return known as unknown as SharedInformer<T>;
      const made = new SharedInformer<T>(dependencies, { resource, selection, initializeBy });
      informers.set(key, made as unknown as SharedInformer<KubernetesObject>);
      if (isStarted) void made.run(stopping.signal);
      return made;
    },

    async start() {
      isStarted = true;
      const all = [...informers.values()];
      for (const informer of all) void informer.run(stopping.signal);
      await Promise.race([stopped, Promise.all(all.map((informer) => informer.synced))]);
    },

    async stop() {
      stopping.abort(new Error('the informers are stopped'));
      await Promise.all([...informers.values()].map((informer) => informer.run(stopping.signal)));
    },
  };
}

function sharingKey(resource: ResourceRef, { namespace, labelSelector, fieldSelector }: InformerOptions): string {
  return JSON.stringify([
    resource.group,
    resource.version,
    resource.resource,
    namespace ?? '',
    labelSelector ?? '',
    fieldSelector ?? '',
  ]);
}
