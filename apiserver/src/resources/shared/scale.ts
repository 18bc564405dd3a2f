import type { KubernetesObject, ObjectMeta } from '@coracle/apimachinery/meta';
import { selectorOf } from '@coracle/apimachinery/selectors';
import type { Scale } from '@coracle/apimachinery/types/autoscaling-v1';
import type { LabelSelector } from '@coracle/apimachinery/types/meta-v1';
import { validateNonNegative } from '@coracle/apimachinery/validation';
import type { SubresourceStrategy } from './registry.ts';

/** The parts of a workload that its `scale` shows. */
interface Scalable extends KubernetesObject {
  spec?: { replicas?: number; selector?: LabelSelector | Record<string, string> };
  status?: { replicas?: number };
}

/** The `scale` subresource of a workload with `spec.replicas`; `selector` gives the text form of its pod selector. */
export function scaleView<T extends Scalable>(
  selector: (object: T) => string = labelSelectorText,
): SubresourceStrategy<T> {
  return {
    type: 'view',
    field: ['spec', 'replicas'],
    read(object): Scale {
      const text = selector(object);
      return {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: identityOf(object.metadata ?? {}),
        spec: object.spec?.replicas ? { replicas: object.spec.replicas } : {},
        status: { replicas: object.status?.replicas ?? 0, ...(text === '' ? {} : { selector: text }) },
      };
    },
    validate: (view: Scale) => validateNonNegative(view.spec?.replicas ?? 0, 'spec.replicas'),
    write(object, view: Scale) {
      object.spec = { ...object.spec, replicas: view.spec?.replicas ?? 0 };
    },
  };
}

/** What a view says of the object behind it: enough to find it and to update it conditionally. */
function identityOf(metadata: ObjectMeta): ObjectMeta {
  const identity: ObjectMeta = {};
  if (metadata.name !== undefined) identity.name = metadata.name;
  if (metadata.namespace !== undefined) identity.namespace = metadata.namespace;
  if (metadata.uid !== undefined) identity.uid = metadata.uid;
  if (metadata.resourceVersion !== undefined) identity.resourceVersion = metadata.resourceVersion;
  if (metadata.creationTimestamp !== undefined) identity.creationTimestamp = metadata.creationTimestamp;
  return identity;
}

function labelSelectorText(object: Scalable): string {
  try {
    return selectorOf(object.spec?.selector as LabelSelector | undefined).toString();
  } catch {
    return '';
  }
}
