import type { Container, EphemeralContainer, Pod, ServiceAccount } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionAttributes } from '../admission.ts';
import { refuse } from '../refuse.ts';

/** A service account that enforces it lets its pods use the Secrets it lists, and no other. */
export function checkSecretReferences(attributes: AdmissionAttributes, pod: Pod, account: ServiceAccount): void {
  const { spec } = pod;
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const owner = account.metadata?.name ?? '';
  const check = (containers: readonly (Container | EphemeralContainer)[] | undefined, kind: string): void => {
    for (const container of containers ?? []) checkContainer(attributes, container, kind, mountable, owner);
  };
  if (attributes.subresource === 'ephemeralcontainers') {
    check(spec?.ephemeralContainers, 'ephemeral container');
    return;
  }
  for (const { secret } of spec?.volumes ?? []) {
    if (secret === undefined || mountable.has(secret.secretName)) continue;
    throw refuse(attributes, `volume with secret.secretName="${secret.secretName}" ${notReferenced(owner)}`);
  }
  check(spec?.initContainers, 'init container');
  check(spec?.containers, 'container');
  const pullable = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const [index, { name }] of (spec?.imagePullSecrets ?? []).entries()) {
    if (pullable.has(name)) continue;
    throw refuse(
      attributes,
      `imagePullSecrets[${index}].name="${name}" is not allowed because service account ${owner} does not reference that imagePullSecret`,
    );
  }
}

function checkContainer(
  attributes: AdmissionAttributes,
  { name, env, envFrom }: Container | EphemeralContainer,
  kind: string,
  mountable: ReadonlySet<string | undefined>,
  owner: string,
): void {
  for (const variable of env ?? []) {
    const secret = variable.valueFrom?.secretKeyRef?.name;
    if (secret === undefined || mountable.has(secret)) continue;
    throw refuse(
      attributes,
      `${kind} ${name} with envVar ${variable.name} referencing secret.secretName="${secret}" ${notReferenced(owner)}`,
    );
  }
  for (const { secretRef } of envFrom ?? []) {
    if (secretRef === undefined || mountable.has(secretRef.name)) continue;
    throw refuse(
      attributes,
      `${kind} ${name} with envFrom referencing secret.secretName="${secretRef.name}" ${notReferenced(owner)}`,
    );
  }
}

function notReferenced(owner: string): string {
  return `is not allowed because service account ${owner} does not reference that secret`;
}
