import { forbidden, notFound } from '@coracle/apimachinery/errors';
import { Namespaces } from '@coracle/apimachinery/resources';
import type { Namespace } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { refuse } from '../refuse.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Objects need a namespace that is there and stays; some namespaces stay for ever. */
export function namespaceLifecycle({ readers }: AdmissionContext): AdmissionPlugin {
  const get = async (name: string): Promise<Namespace | undefined> =>
    (await readers.get<Namespace>(Namespaces, { name })) ??
    // The cache may be behind: somebody else made it a moment ago.
    (await readers.get<Namespace>(Namespaces, { name }, { type: 'newest' }));
  return {
    name: 'NamespaceLifecycle',
    operations: ['CREATE', 'DELETE'],
    handles: (attributes) =>
      isNamespace(attributes)
        ? attributes.operation === 'DELETE' && immortal.has(attributes.name)
        : attributes.operation === 'CREATE' && attributes.namespace !== '' && !isAccessReview(attributes),
    async admit(attributes) {
      if (isNamespace(attributes)) {
        throw forbidden(attributes.resource, attributes.name, 'this namespace may not be deleted');
      }
      const namespace = await get(attributes.namespace);
      if (namespace === undefined) throw notFound(Namespaces, attributes.namespace);
      if (namespace.status?.phase === 'Terminating') throw terminating(attributes);
    },
  };
}

function isNamespace({ resource }: AdmissionAttributes): boolean {
  return resource.group === '' && resource.resource === 'namespaces';
}

/** An answer about the namespace would tell more than the review does. */
function isAccessReview({ resource }: AdmissionAttributes): boolean {
  return resource.group === 'authorization.k8s.io' && resource.resource === 'localsubjectaccessreviews';
}

function terminating(attributes: AdmissionAttributes) {
  const { namespace } = attributes;
  const error = refuse(
    attributes,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  error.status.details ??= {};
  error.status.details.causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ];
  return error;
}
