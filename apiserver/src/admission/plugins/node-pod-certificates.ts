import { notFound, quote } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Nodes, Pods, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { PodCertificateRequest } from '@coracle/apimachinery/types/certificates-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { isAllowed } from '../../auth/authorizer.ts';
import type { AdmissionContext } from '../../options.ts';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { mirrorAnnotation } from '../../resources/shared/mirror-pod.ts';
import { refuse } from '../refuse.ts';

type Spec = PodCertificateRequest['spec'];

/**
 * A node asks for certificates of the pods that run on it, and of signers that they name. Where the node may only be ahead
 * of what is stored here the answer is an error, not a refusal: it may ask again.
 */
export async function admitPodCertificateRequest(
  context: AdmissionContext,
  node: string,
  attributes: AdmissionAttributes,
): Promise<void> {
  const { operation, subresource, namespace } = attributes;
  if (operation !== 'CREATE') throw refuse(attributes, `unexpected operation ${operation}`);
  if (subresource !== '') throw refuse(attributes, `unexpected subresource ${subresource}`);
  const { spec } = attributes.object as PodCertificateRequest;
  const named = quote(`${namespace}/${spec.podName}`);
  await checkNode(context.readers, node, spec, named, attributes);
  const pod = await find<Pod>(context.readers, Pods, namespace, spec.podName, 'pod');
  checkPod(pod, spec, named, attributes);
  await checkAccount(context.readers, namespace, spec, named);
  if (mounts(pod, spec.signerName)) return;
  const { user, resource } = attributes;
  const question = {
    ...{ namespace, apiGroup: resource.group, apiVersion: resource.version },
    // RBAC knows no resources with a slash.
    resource: spec.signerName.replaceAll('/', ':'),
    name: spec.serviceAccountName,
  };
  const verb = 'request-serviceaccounts-podcertificate-signer';
  if (await isAllowed(context.authorizer, user, verb, question)) return;
  const text = `pod ${named} does not mount a podCertificate projected volume for signer ${quote(spec.signerName)}`;
  throw refuse(attributes, text);
}

/** Throws what upstream answers for something that is not there: `what` is its word for it. */
async function find<T extends KubernetesObject>(
  readers: Readers,
  resource: ResourceRef,
  namespace: string,
  name: string,
  what: string,
): Promise<T> {
  const found = await readers.get<T>(resource, { namespace, name });
  if (found !== undefined) return found;
  const shown = quote(namespace === '' ? name : `${namespace}/${name}`);
  const { message } = notFound(resource, name);
  throw new Error(`while retrieving ${what} ${shown} named in the PodCertificateRequest: ${message}`);
}

async function checkNode(
  readers: Readers,
  node: string,
  { nodeName, nodeUID }: Spec,
  named: string,
  attributes: AdmissionAttributes,
): Promise<void> {
  if (nodeName !== node) {
    const text = `PodCertificateRequest.Spec.NodeName=${quote(nodeName)}, which is not the requesting node ${quote(node)}`;
    throw refuse(attributes, text);
  }
  const uid = (await find(readers, Nodes, '', node, 'node')).metadata?.uid ?? '';
  if (uid === nodeUID) return;
  const difference = `names node UID ${quote(nodeUID)}, inconsistent with the running node (${quote(uid)})`;
  throw new Error(`PodCertificateRequest for pod ${named} ${difference}`);
}

async function checkAccount(
  readers: Readers,
  namespace: string,
  { serviceAccountName, serviceAccountUID }: Spec,
  named: string,
): Promise<void> {
  const { metadata } = await find(readers, ServiceAccounts, namespace, serviceAccountName, 'service account');
  if (metadata?.uid === serviceAccountUID) return;
  const running = `which differs from the running service account (${quote(metadata?.uid ?? '')})`;
  const asked = `names service account UID ${quote(serviceAccountUID)}`;
  throw new Error(`PodCertificateRequest for pod ${named} ${asked}, ${running}`);
}

function checkPod({ metadata, spec: running }: Pod, spec: Spec, named: string, attributes: AdmissionAttributes): void {
  const uid = metadata?.uid ?? '';
  if (uid !== spec.podUID) {
    const difference = `contains pod UID (${quote(spec.podUID)}) which differs from running pod ${quote(uid)}`;
    throw new Error(`PodCertificateRequest for pod ${named} ${difference}`);
  }
  if (running?.nodeName !== spec.nodeName) {
    const text = `pod ${named} is not running on node ${quote(spec.nodeName)} named in the PodCertificateRequest`;
    throw refuse(attributes, text);
  }
  if (metadata?.annotations?.[mirrorAnnotation] !== undefined) throw refuse(attributes, `pod ${named} is a mirror pod`);
  const account = running.serviceAccountName ?? '';
  if (account === spec.serviceAccountName) return;
  const difference = `(${quote(spec.serviceAccountName)}) that differs from running pod (${quote(account)})`;
  throw refuse(attributes, `PodCertificateRequest for pod ${named} contains serviceAccountName ${difference}`);
}

function mounts({ spec }: Pod, signerName: string): boolean {
  return (spec?.volumes ?? []).some(({ projected }) =>
    (projected?.sources ?? []).some(({ podCertificate }) => podCertificate?.signerName === signerName),
  );
}
