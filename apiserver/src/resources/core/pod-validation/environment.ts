import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  EnvFromSource,
  EnvVar,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '@coracle/apimachinery/types/core-v1';
import {
  configMapKey,
  dns1123Label,
  dns1123Subdomain,
  environmentVariableName,
  qualifiedName,
} from '@coracle/apimachinery/validation';
import { formatErrors } from '../../shared/field-rules.ts';
import { noBackstepErrors } from './rules.ts';

/** Fields of a pod that an environment variable can show, and those that a file can. */
const variableFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const fileFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** Fields that the API has a name for at all. */
const knownFields = new Set([
  ...variableFields,
  ...fileFields,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);
const resourceFields = ['cpu', 'ephemeral-storage', 'memory']
  .flatMap((name) => [`limits.${name}`, `requests.${name}`])
  .sort();

const fine: readonly FieldError[] = [];

export function environmentErrors(variables: readonly EnvVar[] | undefined, path: string): FieldError[] {
  return (variables ?? []).flatMap((variable, index): readonly FieldError[] => {
    const { name, valueFrom } = variable;
    // As nearly all of them are: a place is only told where something is wrong.
    if (name && !valueFrom && environmentVariableName(name).length === 0) return fine;
    const at = `${path}[${index}]`;
    const errors = name ? formatErrors(environmentVariableName, name, `${at}.name`) : [field.required(`${at}.name`)];
    return [...errors, ...sourceErrors(variable, `${at}.valueFrom`)];
  });
}

function sourceErrors({ value, valueFrom }: EnvVar, path: string): FieldError[] {
  if (!valueFrom) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  const errors: FieldError[] = [];
  if (fieldRef) errors.push(...fieldReferenceErrors(fieldRef, variableFields, `${path}.fieldRef`));
  if (resourceFieldRef) errors.push(...resourceReferenceErrors(resourceFieldRef, false, `${path}.resourceFieldRef`));
  if (configMapKeyRef) errors.push(...keyReferenceErrors(configMapKeyRef, `${path}.configMapKeyRef`));
  if (secretKeyRef) errors.push(...keyReferenceErrors(secretKeyRef, `${path}.secretKeyRef`));
  if (fileKeyRef) errors.push(...fileReferenceErrors(fileKeyRef, `${path}.fileKeyRef`));
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(
    (source) => source,
  ).length;
  if (given === 0) {
    const names = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(field.invalid(path, '', `must specify one of: ${names}`));
  } else if (value) {
    errors.push(field.invalid(path, '', 'may not be specified when `value` is not empty'));
  } else if (given > 1) {
    errors.push(field.invalid(path, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

function keyReferenceErrors({ name = '', key }: { name?: string; key: string }, path: string): FieldError[] {
  const errors = formatErrors(dns1123Subdomain, name, `${path}.name`);
  return [...errors, ...(key ? formatErrors(configMapKey, key, `${path}.key`) : [field.required(`${path}.key`)])];
}

function fileReferenceErrors(
  { key, volumeName, path: file }: { key: string; volumeName: string; path: string },
  path: string,
): FieldError[] {
  return [
    ...(key ? formatErrors(environmentVariableName, key, `${path}.key`) : [field.required(`${path}.key`)]),
    ...(volumeName
      ? formatErrors(dns1123Label, volumeName, `${path}.volumeName`)
      : [field.required(`${path}.volumeName`)]),
    ...(file ? noBackstepErrors(file, `${path}.path`) : [field.required(`${path}.path`)]),
  ];
}

/** A field of the pod in a file of a volume. */
export function fileFieldErrors(reference: ObjectFieldSelector, path: string): FieldError[] {
  return fieldReferenceErrors(reference, fileFields, path);
}

function fieldReferenceErrors(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  supported: readonly string[],
  path: string,
): FieldError[] {
  if (!apiVersion) return [field.required(`${path}.apiVersion`)];
  if (!fieldPath) return [field.required(`${path}.fieldPath`)];
  const subscript = /^(.*)\['([^']*)'\]$/.exec(fieldPath);
  const name = subscript ? (subscript[1] as string) : fieldPath;
  const unknown =
    apiVersion !== 'v1' ? `unsupported pod version: ${apiVersion}` : `field label not supported: ${fieldPath}`;
  if (apiVersion !== 'v1' || !knownFields.has(name)) {
    return [field.invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${unknown}`)];
  }
  if (subscript) {
    const key = subscript[2] as string;
    if (name === 'metadata.annotations') return formatErrors(qualifiedName, key.toLowerCase(), path);
    if (name === 'metadata.labels') return formatErrors(qualifiedName, key, path);
    return [field.invalid(path, name, 'does not support subscript')];
  }
  return supported.includes(name) ? [] : [field.notSupported(`${path}.fieldPath`, name, supported)];
}

/** A resource of a container as a value; in a file the container must be named. */
export function resourceReferenceErrors(reference: ResourceFieldSelector, inFile: boolean, path: string): FieldError[] {
  const { containerName, resource, divisor } = reference;
  if (inFile && !containerName) return [field.required(`${path}.containerName`)];
  if (!resource) return [field.required(`${path}.resource`)];
  const hugePages = /^(limits|requests)\.hugepages-/.test(resource);
  const errors: FieldError[] = [];
  if (!resourceFields.includes(resource) && !hugePages)
    errors.push(field.notSupported(`${path}.resource`, resource, resourceFields));
  return [...errors, ...divisorErrors(resource, divisor ?? '0', path)];
}

const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
const storageNames: Readonly<Record<string, string>> = {
  memory: 'memory',
  'ephemeral-storage': 'local ephemeral storage',
};

function divisorErrors(resource: string, divisor: string, path: string): FieldError[] {
  if (divisor === '0') return [];
  const isCpu = resource.endsWith('.cpu');
  if ((isCpu ? ['1m', '1'] : byteDivisors).includes(divisor)) return [];
  const values = isCpu ? '1m and 1' : byteDivisors.join(', ');
  const what = isCpu ? 'cpu' : (storageNames[resource.split('.')[1] ?? ''] ?? 'hugepages');
  return [
    field.invalid(
      `${path}.divisor`,
      resource,
      `only divisor's values ${values} are supported with the ${what} resource`,
    ),
  ];
}

export function environmentSourceErrors(sources: readonly EnvFromSource[] | undefined, path: string): FieldError[] {
  return (sources ?? []).flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const at = `${path}[${index}]`;
    const errors = prefix ? formatErrors(environmentVariableName, prefix, `${at}.prefix`) : [];
    for (const [name, reference] of Object.entries({ configMapRef, secretRef })) {
      if (!reference) continue;
      const named = `${at}.${name}.name`;
      errors.push(
        ...(reference.name ? formatErrors(dns1123Subdomain, reference.name, named) : [field.required(named)]),
      );
    }
    if (!configMapRef && !secretRef)
      errors.push(field.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (configMapRef && secretRef)
      errors.push(field.invalid(path, '', 'may not have more than one field specified at a time'));
    return errors;
  });
}
