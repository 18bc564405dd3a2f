import { notFound, quote } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Nodes, Pods } from '@coracle/apimachinery/resources';
import type { TokenRequest } from '@coracle/apimachinery/types/authentication-v1';
import type { CertificateSigningRequest } from '@coracle/apimachinery/types/certificates-v1';
import type { Node, PersistentVolumeClaim, Pod } from '@coracle/apimachinery/types/core-v1';
import { nodeNameOf, nodeUserPrefix } from '../../auth/index.ts';
import { subjectOfRequest } from '../../auth/certificate-request.ts';
import { podReferences } from '../../auth/node/pod-references.ts';
import type { AdmissionContext } from '../../options.ts';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { mirrorAnnotation } from '../../resources/shared/mirror-pod.ts';
import { refuse } from '../refuse.ts';
import { mayUseAudience } from './node-audiences.ts';
import { forbiddenNodeLabels } from './node-labels.ts';
import { admitPodCertificateRequest } from './node-pod-certificates.ts';

const leaseNamespace = 'kube-node-lease';
const kubeletSigners: ReadonlySet<string> = new Set([
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
]);

type Rule = (node: string, attributes: AdmissionAttributes) => void | Promise<void>;

/**
 * What a node may write: itself (no taints, no labels that attract pods), the status of its pods and claims, tokens for
 * its pods, its lease. The Node authorizer decides by what the path says; this looks into the body.
 */
export function nodeRestriction(context: AdmissionContext): AdmissionPlugin {
  const { readers } = context;
  const rules: Readonly<Record<string, Rule>> = {
    '/pods': (node, attributes) => admitPod(readers, node, attributes),
    '/nodes': admitNode,
    '/persistentvolumeclaims': admitClaim,
    '/serviceaccounts': (node, attributes) => admitToken(context, node, attributes),
    'coordination.k8s.io/leases': admitLease,
    'storage.k8s.io/csinodes': admitCsiNode,
    'resource.k8s.io/resourceslices': admitResourceSlice,
    'certificates.k8s.io/certificatesigningrequests': admitSigningRequest,
    'certificates.k8s.io/podcertificaterequests': (node, attributes) =>
      admitPodCertificateRequest(context, node, attributes),
  };
  return {
    name: 'NodeRestriction',
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    handles: ({ user, resource }) =>
      nodeNameOf(user) !== undefined && `${resource.group}/${resource.resource}` in rules,
    admit(attributes) {
      const { user, resource } = attributes;
      const node = nodeNameOf(user);
      if (!node) throw refuse(attributes, `could not determine node from user ${quote(user.username)}`);
      return rules[`${resource.group}/${resource.resource}`]?.(node, attributes);
    },
  };
}

async function admitPod(readers: Readers, node: string, attributes: AdmissionAttributes): Promise<void> {
  const { subresource, operation } = attributes;
  const what = subresource === '' ? operation : `${operation} ${subresource}`;
  switch (what) {
    case 'CREATE':
      return admitMirrorPod(readers, node, attributes);
    case 'DELETE':
      await checkOwnPod(
        readers,
        node,
        attributes,
        `node ${quote(node)} can only delete pods with spec.nodeName set to itself`,
      );
      return;
    case 'UPDATE status':
      return admitPodStatus(node, attributes);
    case 'CREATE eviction':
      await checkOwnPod(readers, node, attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
      return;
    default:
      if (subresource === '') {
        throw refuse(
          attributes,
          `unexpected operation ${quote(operation)}, node ${quote(node)} can only create and delete mirror pods`,
        );
      }
      throw refuse(
        attributes,
        `unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`,
      );
  }
}

async function checkOwnPod(
  readers: Readers,
  node: string,
  attributes: AdmissionAttributes,
  reason: string,
): Promise<void> {
  const { namespace } = attributes;
  const name = attributes.name || (attributes.object?.metadata?.name ?? '');
  const pod = await readers.get<Pod>(Pods, { namespace, name });
  if (pod === undefined) throw notFound(Pods, name);
  if (pod.spec?.nodeName !== node) throw refuse(attributes, reason);
}

async function admitMirrorPod(readers: Readers, node: string, attributes: AdmissionAttributes): Promise<void> {
  const pod = attributes.object as Pod;
  const named = `node ${quote(node)}`;
  if (pod.metadata?.annotations?.[mirrorAnnotation] === undefined) {
    throw refuse(
      attributes,
      `pod does not have ${quote(mirrorAnnotation)} annotation, ${named} can only create mirror pods`,
    );
  }
  if (pod.spec?.nodeName !== node)
    throw refuse(attributes, `${named} can only create pods with spec.nodeName set to itself`);
  const [owner, ...others] = pod.metadata.ownerReferences ?? [];
  if (others.length > 0)
    throw refuse(attributes, `${named} can only create pods with a single owner reference set to itself`);
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    throw refuse(attributes, `${named} can only create pods with an owner reference set to itself`);
  }
  if (owner.controller !== true) {
    throw refuse(attributes, `${named} can only create pods with a controller owner reference set to itself`);
  }
  if (owner.blockOwnerDeletion === true) {
    throw refuse(attributes, `${named} must not set blockOwnerDeletion on an owner reference`);
  }
  const stored = await readers.get<Node>(Nodes, { name: node });
  if (stored === undefined) throw notFound(Nodes, node);
  if (stored.metadata?.uid !== owner.uid) {
    throw refuse(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${stored.metadata?.uid ?? ''}`);
  }
  for (const reference of podReferences(pod)) {
    throw refuse(
      attributes,
      `${named} can not create pods that reference ${reference.slice(0, reference.indexOf(':'))}s`,
    );
  }
}

function admitPodStatus(node: string, attributes: AdmissionAttributes): void {
  const pod = attributes.object as Pod;
  const old = attributes.oldObject as Pod;
  const named = `node ${quote(node)}`;
  if (old.spec?.nodeName !== node) {
    throw refuse(attributes, `${named} can only update pod status for pods with spec.nodeName set to itself`);
  }
  if (!deepEqual(pod.metadata?.labels ?? {}, old.metadata?.labels ?? {})) {
    throw refuse(attributes, `${named} cannot update labels through pod status`);
  }
  if (!deepEqual(pod.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? [])) {
    throw refuse(attributes, `${named} cannot update resource claim statues`);
  }
  if (!deepEqual(pod.status?.extendedResourceClaimStatus, old.status?.extendedResourceClaimStatus)) {
    throw refuse(attributes, `${named} cannot update extended resource claim status`);
  }
}

function admitNode(node: string, attributes: AdmissionAttributes): void {
  const { operation } = attributes;
  const named = `node ${quote(node)}`;
  const name = attributes.name || (attributes.object?.metadata?.name ?? '');
  if (name !== node) throw refuse(attributes, `${named} is not allowed to modify node ${quote(name)}`);
  const { metadata, spec } = (attributes.object ?? {}) as Node;
  if (operation === 'CREATE') {
    if (spec?.configSource !== undefined) {
      throw refuse(attributes, `${named} is not allowed to create pods with a non-nil configSource`);
    }
    const labels = forbiddenNodeLabels(metadata?.labels, undefined);
    if (labels.length > 0)
      throw refuse(attributes, `${named} is not allowed to set the following labels: ${labels.join(', ')}`);
  }
  if (operation !== 'UPDATE') return;
  const old = attributes.oldObject as Node;
  if (spec?.configSource !== undefined && !deepEqual(spec.configSource, old.spec?.configSource)) {
    throw refuse(attributes, `${named} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!deepEqual(spec?.taints ?? [], old.spec?.taints ?? [])) {
    throw refuse(attributes, `${named} is not allowed to modify taints`);
  }
  if (!deepEqual(metadata?.ownerReferences ?? [], old.metadata?.ownerReferences ?? [])) {
    throw refuse(attributes, `${named} is not allowed to modify ownerReferences`);
  }
  const labels = forbiddenNodeLabels(metadata?.labels, old.metadata?.labels);
  if (labels.length > 0) throw refuse(attributes, `is not allowed to modify labels: ${labels.join(', ')}`);
}

function admitClaim(node: string, attributes: AdmissionAttributes): void {
  if (attributes.subresource !== 'status') throw refuse(attributes, 'may only update PVC status');
  if (attributes.operation !== 'UPDATE')
    throw refuse(attributes, `unexpected operation ${quote(attributes.operation)}`);
  if (deepEqual(withoutExpansion(attributes.object), withoutExpansion(attributes.oldObject))) return;
  throw refuse(
    attributes,
    `node ${quote(node)} is not allowed to update fields other than status.quantity and status.conditions`,
  );
}

/** A claim without what a node reports of its expansion. */
function withoutExpansion(object: KubernetesObject | undefined): unknown {
  const { metadata, status, ...rest } = (object ?? {}) as PersistentVolumeClaim;
  const { resourceVersion: _revision, managedFields: _fields, ...ownMetadata } = metadata ?? {};
  const { capacity: _capacity, conditions: _conditions, ...more } = status ?? {};
  const { allocatedResources: _allocated, allocatedResourceStatuses: _statuses, ...ownStatus } = more;
  return { ...rest, metadata: ownMetadata, status: ownStatus };
}

async function admitToken(context: AdmissionContext, node: string, attributes: AdmissionAttributes): Promise<void> {
  const { operation, subresource, object, namespace } = attributes;
  if (operation !== 'CREATE' || subresource !== 'token') return;
  const { spec } = object as TokenRequest;
  const reference = spec?.boundObjectRef;
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
    throw refuse(attributes, 'node requested token not bound to a pod');
  }
  if (!reference.uid) throw refuse(attributes, 'node requested token with a pod binding without a uid');
  const pod = await context.readers.get<Pod>(Pods, { namespace, name: reference.name });
  if (pod === undefined) throw notFound(Pods, reference.name);
  if (pod.metadata?.uid !== reference.uid) {
    throw refuse(
      attributes,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec?.nodeName !== node) {
    throw refuse(attributes, 'node requested token bound to a pod scheduled on a different node');
  }
  const audiences = spec?.audiences ?? [];
  if (audiences.length > 1) throw refuse(attributes, 'node may only request 0 or 1 audiences');
  const audience = audiences[0] ?? '';
  if (await mayUseAudience(context, attributes, pod, audience)) return;
  const { username } = attributes.user;
  throw refuse(attributes, `${username} is not authorized to request tokens for audience ${quote(audience)}`);
}

/** The name of a new object is in its body. */
function nameOf({ operation, object, name }: AdmissionAttributes): string {
  return operation === 'CREATE' ? (object?.metadata?.name ?? '') : name;
}

function admitLease(node: string, attributes: AdmissionAttributes): void {
  if (attributes.namespace !== leaseNamespace) {
    throw refuse(attributes, `can only access leases in the ${quote(leaseNamespace)} system namespace`);
  }
  if (nameOf(attributes) !== node) {
    throw refuse(attributes, 'can only access node lease with the same name as the requesting node');
  }
}

function admitCsiNode(node: string, attributes: AdmissionAttributes): void {
  if (nameOf(attributes) !== node) {
    throw refuse(attributes, 'can only access CSINode with the same name as the requesting node');
  }
}

function admitResourceSlice(node: string, attributes: AdmissionAttributes): void {
  const { operation } = attributes;
  if (operation === 'UPDATE') return;
  const slice = (operation === 'CREATE' ? attributes.object : attributes.oldObject) as { spec?: { nodeName?: string } };
  if (slice?.spec?.nodeName === node) return;
  const verb = operation === 'CREATE' ? 'create' : 'delete';
  throw refuse(attributes, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

/** A node asks for certificates of itself. */
async function admitSigningRequest(node: string, attributes: AdmissionAttributes): Promise<void> {
  const { operation, subresource, object } = attributes;
  if (operation !== 'CREATE' || subresource !== '') return;
  const { signerName, request } = (object as CertificateSigningRequest).spec;
  if (!kubeletSigners.has(signerName)) return;
  const { commonName } = await subjectOfRequest(Buffer.from(request, 'base64').toString());
  const username = nodeUserPrefix + node;
  if (commonName === username) return;
  throw refuse(attributes, `can only create a node CSR with CN=${username}`);
}
