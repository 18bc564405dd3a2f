import { silentLogger } from '@coracle/apimachinery/component';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import { createSeededRandom, createVirtualClock } from '@coracle/client/testing';
import { StaticReaders } from '../../auth/testing/index.ts';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

/** Everything a plug-in is made from, over objects that a test puts into `readers`; the authorizer refuses everything. */
export function testAdmissionContext(): AdmissionContext & { readonly readers: StaticReaders } {
  return {
    environment: { clock: createVirtualClock(), random: createSeededRandom(1), log: silentLogger },
    options: {},
    readers: new StaticReaders(),
    writers: {
      update: async () => undefined,
      create: async () => undefined,
      delete: async () => {},
    },
    authorizer: { name: 'none', authorize: () => ({ decision: 'no-opinion', reason: '' }) },
    signal: new AbortController().signal,
  };
}

export interface TestWrite {
  readonly resource: ResourceRef;
  readonly operation?: AdmissionAttributes['operation'];
  readonly object?: KubernetesObject;
  readonly old?: KubernetesObject;
  readonly subresource?: string;
  readonly user?: AdmissionAttributes['user'];
  readonly dryRun?: boolean;
}

export function writeOf({
  resource,
  operation = 'CREATE',
  object,
  old,
  subresource = '',
  user,
  dryRun = false,
}: TestWrite) {
  const named = (object?.metadata?.name ? object : old)?.metadata;
  const attributes: AdmissionAttributes = {
    operation,
    kind: resource,
    resource,
    subresource,
    namespace: object?.metadata?.namespace ?? old?.metadata?.namespace ?? '',
    name: named?.name ?? '',
    object,
    oldObject: old,
    options: {},
    dryRun,
    user: user ?? { username: 'alice', groups: ['system:authenticated'], extra: {} },
    signal: new AbortController().signal,
    warn: () => {},
    annotate: () => {},
    waited: () => {},
    toVersion: (each) => each,
  };
  return attributes;
}

/** Both phases of one plug-in; answers the object, or throws its refusal. */
export async function runAdmission(plugin: AdmissionPlugin, write: TestWrite): Promise<KubernetesObject | undefined> {
  const attributes = writeOf(write);
  if (!plugin.operations.includes(attributes.operation) || plugin.handles?.(attributes) === false)
    return attributes.object;
  await plugin.admit?.(attributes);
  await plugin.validate?.(attributes);
  return attributes.object;
}
