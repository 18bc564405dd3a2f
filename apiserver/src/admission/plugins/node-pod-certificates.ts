import { quote } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { Nodes, Pods, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { ResourceRef } from '@coracle/apimachinery/schema';
import type { PodCertificateRequest } from '@coracle/apimachinery/types/certificates-v1';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { mirrorAnnotation } from '../../resources/shared/mirror-pod.ts';
import { refuse } from '../refuse.ts';

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
  if (spec.nodeName !== node) {
    const text = `PodCertificateRequest.Spec.NodeName=${quote(spec.nodeName)}, which is not the requesting node ${quote(node)}`;
    throw refuse(attributes, text);
  }
  const named = quote(`${namespace}/${spec.podName}`);
  const find = async <T extends KubernetesObject>(resource: ResourceRef, what: string, shown: string, name: string) => {
    const found = await context.readers.get<T>(resource, { namespace: resource === Nodes ? '' : namespace, name });
    if (found !== undefined) return found;
    const cause = `${resource.resource} ${quote(name)} not found`;
    throw new Error(`while retrieving ${what} ${quote(shown)} named in the PodCertificateRequest: ${cause}`);
  };
  const stored = await find(Nodes, 'node', node, node);
  if (stored.metadata?.uid !== spec.nodeUID) {
    const running = quote(stored.metadata?.uid ?? '');
    throw new Error(
      `PodCertificateRequest for pod ${named} names node UID ${quote(spec.nodeUID)}, inconsistent with the running node (${running})`,
    );
  }
  const pod = await find<Pod>(Pods, 'pod', `${namespace}/${spec.podName}`, spec.podName);
  checkPod(pod, spec, named, attributes);
  const account = spec.serviceAccountName;
  const { metadata } = await find(ServiceAccounts, 'service account', `${namespace}/${account}`, account);
  if (metadata?.uid !== spec.serviceAccountUID) {
    const running = quote(metadata?.uid ?? '');
    throw new Error(
      `PodCertificateRequest for pod ${named} names service account UID ${quote(spec.serviceAccountUID)}, which differs from the running service account (${running})`,
    );
  }
  if (mounts(pod, spec.signerName) || (await mayAskFor(context, attributes, spec))) return;
  const text = `pod ${named} does not mount a podCertificate projected volume for signer ${quote(spec.signerName)}`;
  throw refuse(attributes, text);
}

function checkPod(
  { metadata, spec: running }: Pod,
  spec: PodCertificateRequest['spec'],
  named: string,
  attributes: AdmissionAttributes,
): void {
  if (metadata?.uid !== spec.podUID) {
    throw new Error(
      `PodCertificateRequest for pod ${named} contains pod UID (${quote(spec.podUID)}) which differs from running pod ${quote(metadata?.uid ?? '')}`,
    );
  }
  if (running?.nodeName !== spec.nodeName) {
    const text = `pod ${named} is not running on node ${quote(spec.nodeName)} named in the PodCertificateRequest`;
    throw refuse(attributes, text);
  }
  if (metadata.annotations?.[mirrorAnnotation] !== undefined) throw refuse(attributes, `pod ${named} is a mirror pod`);
  const account = running.serviceAccountName ?? '';
  if (account !== spec.serviceAccountName) {
    const text = `contains serviceAccountName (${quote(spec.serviceAccountName)}) that differs from running pod (${quote(account)})`;
    throw refuse(attributes, `PodCertificateRequest for pod ${named} ${text}`);
  }
}

function mounts({ spec }: Pod, signerName: string): boolean {
  return (spec?.volumes ?? []).some(({ projected }) =>
    (projected?.sources ?? []).some(({ podCertificate }) => podCertificate?.signerName === signerName),
  );
}

/** Somebody has permitted it: a signer's slash is a colon there, as RBAC knows no resources with a slash. */
async function mayAskFor(
  { authorizer }: AdmissionContext,
  { user, namespace, resource }: AdmissionAttributes,
  { signerName, serviceAccountName }: PodCertificateRequest['spec'],
): Promise<boolean> {
  const { decision } = await authorizer.authorize({
    user,
    verb: 'request-serviceaccounts-podcertificate-signer',
    isResourceRequest: true,
    namespace,
    apiGroup: resource.group,
    apiVersion: resource.version,
    resource: signerName.replaceAll('/', ':'),
    subresource: '',
    name: serviceAccountName,
    path: '',
  });
  return decision === 'allow';
}
