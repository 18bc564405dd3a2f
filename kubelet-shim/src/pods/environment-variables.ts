import type { ConfigMap, Container, EnvVar, Pod, Secret } from '@coracle/apimachinery/types/core-v1';
import { expand } from './expansion.ts';
import { environmentField, type PodPlace, resourceField } from './field-path.ts';

export interface EnvironmentSources extends PodPlace {
  readonly configMap: (name: string) => Promise<ConfigMap | undefined>;
  readonly secret: (name: string) => Promise<Secret | undefined>;
  /** Addresses of the namespace's Services as variables; see service-variables.ts. */
  readonly services: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

type Variables = Map<string, string>;

/**
 * The container's variables in the order they are given to it: `envFrom`, `env` (which sees those before it), then the
 * Services that neither has named. Throws with the text for the container's status where something is missing.
 */
export async function environmentVariables(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<{ key: string; value: string }[]> {
  const variables: Variables = new Map();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data = configMapRef ? await fromConfigMap(configMapRef, sources) : await fromSecret(secretRef ?? {}, sources);
    for (const [key, value] of Object.entries(data ?? {})) variables.set(`${prefix}${key}`, value);
  }
  const lookUp = (name: string) => variables.get(name) ?? sources.services[name];
  for (const variable of container.env ?? []) {
    const value = await valueOf(pod, container, variable, sources, lookUp);
    if (value !== undefined) variables.set(variable.name, value);
  }
  for (const [name, value] of Object.entries(sources.services)) if (!variables.has(name)) variables.set(name, value);
  return [...variables].map(([key, value]) => ({ key, value }));
}

interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

async function fromConfigMap({ name = '', optional }: Reference, sources: EnvironmentSources) {
  const found = await sources.configMap(name);
  if (found) return found.data ?? {};
  if (optional) return undefined;
  throw new Error(`configmap "${name}" not found`);
}

async function fromSecret({ name = '', optional }: Reference, sources: EnvironmentSources) {
  const found = await sources.secret(name);
  if (found) return decodeAll(found.data);
  if (optional) return undefined;
  throw new Error(`secret "${name}" not found`);
}

function decodeAll(data: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/** Undefined where an optional source is absent: the variable is then not set at all. */
async function valueOf(
  pod: Pod,
  container: Container,
  { value, valueFrom }: EnvVar,
  sources: EnvironmentSources,
  lookUp: (name: string) => string | undefined,
): Promise<string | undefined> {
  if (!valueFrom) return expand(value ?? '', lookUp);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) return environmentField(pod, fieldRef.fieldPath, sources);
  if (resourceFieldRef) {
    const { containerName } = resourceFieldRef;
    const named = containerName === undefined || containerName === '' ? container : findContainer(pod, containerName);
    return resourceField(named, resourceFieldRef, sources.allocatable);
  }
  const namespace = pod.metadata?.namespace ?? '';
  if (configMapKeyRef) {
    const data = await fromConfigMap(configMapKeyRef, sources);
    return keyOf(data, configMapKeyRef, 'ConfigMap', namespace);
  }
  if (secretKeyRef) return keyOf(await fromSecret(secretKeyRef, sources), secretKeyRef, 'Secret', namespace);
  throw new Error('the variable names no source that this node knows');
}

function keyOf(
  data: Readonly<Record<string, string>> | undefined,
  { key, name = '', optional }: Reference & { readonly key: string },
  kind: string,
  namespace: string,
): string | undefined {
  const value = data?.[key];
  if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
  return value;
}

export function findContainer(pod: Pod, name: string): Container {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const found = [...containers, ...initContainers].find((one) => one.name === name);
  if (!found) throw new Error(`container ${name} not found`);
  return found;
}
