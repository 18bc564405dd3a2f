import { notFound } from '@coracle/apimachinery/errors';
import { Pods, ServiceAccounts } from '@coracle/apimachinery/resources';
import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '@coracle/apimachinery/types/core-v1';
import { generateName } from '@coracle/apimachinery/validation';
import { podReferences } from '../../auth/node/pod-references.ts';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { mirrorAnnotation } from '../../resources/shared/mirror-pod.ts';
import { refuse } from '../refuse.ts';
import { checkSecretReferences } from './mountable-secrets.ts';

const defaultName = 'default';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
const enforceSecretsAnnotation = 'kubernetes.io/enforce-mountable-secrets';
/** One that the token issuer knows: such a token lives on for a year, and says when it should have been read again. */
const tokenSeconds = 3607;
/** The controller makes `default` a moment after its namespace. */
const defaultAttempts = 10;
const attemptDelayMs = 100;

/** Every pod runs as a service account that exists, with a token of it mounted where clients look for one. */
export function serviceAccount(context: AdmissionContext): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    operations: ['CREATE', 'UPDATE'],
    handles: ({ resource, subresource, operation }) =>
      resource.group === Pods.group &&
      resource.resource === Pods.resource &&
      (operation === 'CREATE' ? subresource === '' : subresource === 'ephemeralcontainers'),
    async admit(attributes) {
      const { spec, metadata } = attributes.object as Pod;
      if (attributes.operation !== 'CREATE' || spec === undefined) return;
      if (metadata?.annotations?.[mirrorAnnotation] !== undefined) return;
      if (!spec.serviceAccountName) {
        spec.serviceAccountName = defaultName;
        spec.serviceAccount = defaultName;
      }
      const account = await find(context, attributes, spec.serviceAccountName);
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) {
        mountToken(spec, () => generateName(volumePrefix, context.environment.random));
      }
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map((each) => ({ ...each }));
      }
    },
    async validate(attributes) {
      const pod = attributes.object as Pod;
      if (attributes.operation === 'CREATE' && pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
        checkMirrorPod(attributes, pod);
        return;
      }
      const name = pod.spec?.serviceAccountName;
      if (!name) {
        throw refuse(
          attributes,
          `no service account specified for pod ${attributes.namespace}/${pod.metadata?.name ?? ''}`,
        );
      }
      const account = await find(context, attributes, name);
      if (account.metadata?.annotations?.[enforceSecretsAnnotation] === 'true')
        checkSecretReferences(attributes, pod, account);
    },
  };
}

async function find(
  { readers, environment }: AdmissionContext,
  attributes: AdmissionAttributes,
  name: string,
): Promise<ServiceAccount> {
  const { namespace, signal } = attributes;
  const cached = await readers.get<ServiceAccount>(ServiceAccounts, { namespace, name });
  if (cached !== undefined) return cached;
  const attempts = name === defaultName ? defaultAttempts : 1;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const found = await readers.get<ServiceAccount>(ServiceAccounts, { namespace, name }, { type: 'newest' });
    if (found !== undefined) return found;
    if (attempt < attempts) await environment.clock.sleep(attemptDelayMs * (1 + environment.random.next()), signal);
  }
  const missing = notFound({ group: '', resource: 'serviceaccount' }, name).message;
  throw refuse(attributes, `error looking up service account ${namespace}/${name}: ${missing}`);
}

function mountToken(spec: PodSpec, newName: () => string): void {
  const present = spec.volumes?.find(({ name }) => name.startsWith(volumePrefix));
  const needy = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(
    (container) => !container.volumeMounts?.some((mount) => mount.mountPath === mountPath),
  );
  if (needy.length === 0) return;
  const name = present?.name ?? newName();
  for (const container of needy) addMount(container, name);
  if (present === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function addMount(container: Container, name: string): void {
  container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
}

/** Token, certificate of the API server, and the pod's namespace. */
function tokenVolume(name: string): Volume {
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } };
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [namespace] } },
      ],
    },
  };
}

/** What a node made for itself must not reach into the cluster. */
function checkMirrorPod(attributes: AdmissionAttributes, pod: Pod): void {
  if (pod.spec?.serviceAccountName) throw refuse(attributes, 'a mirror pod may not reference service accounts');
  for (const reference of podReferences(pod)) {
    if (reference.startsWith('secret:')) throw refuse(attributes, 'a mirror pod may not reference secrets');
  }
  for (const { projected } of pod.spec?.volumes ?? []) {
    if (!projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) continue;
    throw refuse(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}
