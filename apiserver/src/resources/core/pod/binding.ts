import { badRequest, conflict, field, type FieldError, isStatus, notFound } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Binding, Pod } from '@coracle/apimachinery/types/core-v1';
import { failedPrecondition, type SubresourceStrategy, type WriteContext } from '../../shared/registry.ts';
import { success } from '../../shared/status.ts';
import { setPodCondition } from './conditions.ts';

const pods = { group: '', resource: 'pods' };

/** POST of a Binding puts a pod on a node (pkg/registry/core/pod/storage BindingREST). */
export const bindingSubresource: SubresourceStrategy<Pod> = {
  type: 'action',
  validate: (body) => bindingErrors(body as Binding),
  run: (body, name, context) => bindPod(body as Binding, name, context),
};

export function bindingErrors({ target }: Binding): FieldError[] {
  const errors: FieldError[] = [];
  if (target?.kind && target.kind !== 'Node')
    errors.push(field.notSupported('target.kind', target.kind, ['Node', '<empty>']));
  if (!target?.name) errors.push(field.required('target.name'));
  return errors;
}

export async function bindPod(binding: Binding, name: string, context: WriteContext): Promise<KubernetesObject> {
  if (binding.metadata?.name !== name) throw badRequest('name in URL does not match name in Binding object');
  const key = { namespace: context.namespace, name };
  const assign = (pod: Pod): Pod => {
    assignNode(pod, binding, context.environment.clock.now());
    return pod;
  };
  try {
    const found = context.dryRun
      ? await context.readers.get<Pod>(pods, key, { type: 'newest' }).then((pod) => pod && assign(structuredClone(pod)))
      : await context.writers.update<Pod>(pods, key, assign);
    if (!found) throw notFound(pods, name);
  } catch (error) {
    if (isStatus(error)) throw error;
    throw conflict({ group: '', resource: 'pods/binding' }, name, error);
  }
  return success();
}

/** Throws where the pod may not be assigned; the caller turns that into a Conflict. */
function assignNode(pod: Pod, { metadata, target }: Binding, now: number): void {
  checkPreconditions(pod, metadata);
  const meta = (pod.metadata ??= {});
  const { name = '' } = meta;
  const spec = (pod.spec ??= { containers: [] });
  if (meta.deletionTimestamp) throw new Error(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (spec.nodeName) throw new Error(`pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`);
  if (spec.schedulingGates?.length) throw new Error(`pod ${name} has non-empty .spec.schedulingGates`);
  spec.nodeName = target.name as string;
  const status = (pod.status ??= {});
  delete status.nominatedNodeName;
  if (metadata?.annotations) meta.annotations = { ...meta.annotations, ...metadata.annotations };
  if (metadata?.labels) meta.labels = { ...meta.labels, ...metadata.labels };
  setPodCondition(status, { type: 'PodScheduled', status: 'True' }, now);
}

function checkPreconditions(pod: Pod, wanted: Binding['metadata']): void {
  const { uid = '', resourceVersion = '', name = '' } = pod.metadata ?? {};
  if (wanted?.uid && wanted.uid !== uid) {
    throw conflict(pods, name, failedPrecondition('UID', wanted.uid, uid));
  }
  if (wanted?.resourceVersion && wanted.resourceVersion !== resourceVersion) {
    throw conflict(pods, name, failedPrecondition('ResourceVersion', wanted.resourceVersion, resourceVersion));
  }
}
