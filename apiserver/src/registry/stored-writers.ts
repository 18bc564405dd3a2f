import type { Environment } from '@coracle/apimachinery/component';
import { notFound } from '@coracle/apimachinery/errors';
import { deepCopy } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import { mastersGroup } from '../auth/authenticators/users.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { noTokens } from '../auth/tokens/token-service.ts';
import type { UserInfo } from '../http/api-request.ts';
import { admissionChain } from './admission-chain.ts';
import { deleteObject } from './delete.ts';
import { hasGeneration } from './generation.ts';
import { timestamp } from './metadata.ts';
import type { Readers, Writers } from './readers.ts';
import type { ResourceTable, ServedResource } from './served-resource.ts';
import type { WriteContext } from './strategy.ts';
import { newUuid } from './uuid.ts';
import { metaOf, type Write } from './write.ts';

/** Who the server is when it writes on its own behalf. */
export const serverUser: UserInfo = { username: 'system:apiserver', groups: [mastersGroup], extra: {} };

const allowAll: Authorizer = { name: 'self', authorize: () => ({ decision: 'allow', reason: '' }) };
const noAdmission = admissionChain([]);
const never = new AbortController().signal;

/** Writes past admission and authorization, through the same store as everybody. */
export function createWriters(resources: ResourceTable, readers: Readers, environment: Environment): Writers {
  const servedOf = (resource: GroupResource): ServedResource => {
    const served = resources.ofGroupResource(resource);
    if (served === undefined) throw notFound(resource, '');
    return served;
  };
  const writers: Writers = {
    async update<T extends KubernetesObject>(
      resource: GroupResource,
      key: { namespace?: string; name: string },
      change: (copy: T) => T | undefined | Promise<T | undefined>,
    ) {
      const served = servedOf(resource);
      const stored = await served.store.update(key, async (current) => {
        const changed = await change(deepCopy(current.object) as T);
        return changed === undefined ? current.object : served.normalize(changed);
      });
      return stored?.object as T | undefined;
    },
    async create<T extends KubernetesObject>(resource: GroupResource, object: T) {
      const served = servedOf(resource);
      const copy = deepCopy(object);
      copy.kind ??= served.row.kind;
      copy.apiVersion ??= served.storageApiVersion;
      const meta = metaOf(copy);
      meta.uid ??= newUuid(environment.random);
      meta.creationTimestamp ??= timestamp(environment.clock.now());
      if (hasGeneration(served)) meta.generation ??= 1;
      served.setStorageDefaults(copy);
      const stored = await served.store.create(served.normalize(copy), served.strategy.ttlSeconds?.(copy));
      return stored?.object as T | undefined;
    },
    async delete(resource, key, options) {
      const served = servedOf(resource);
      await deleteObject(ownWrite(served, key.namespace ?? ''), key.name, { ...options });
    },
  };
  const ownWrite = (resource: ServedResource, namespace: string): Write => {
    const context: WriteContext = {
      environment,
      row: resource.row,
      subresource: '',
      user: serverUser,
      namespace,
      dryRun: false,
      signal: never,
      authorizer: allowAll,
      readers,
      writers,
      tokens: noTokens,
      warn: () => {},
    };
    return {
      resource,
      context,
      admission: noAdmission,
      fields: undefined,
      options: {},
      subresource: undefined,
      annotate: () => {},
      waited: () => {},
    };
  };
  return writers;
}
