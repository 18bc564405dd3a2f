import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { CustomResourceDefinitions } from '@coracle/apimachinery/resources';
import { parseGroupVersion } from '@coracle/apimachinery/schema';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import { selectorOf } from '@coracle/apimachinery/selectors';
import type { ParamKind, ParamRef } from '@coracle/apimachinery/types/admissionregistration-v1';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import type { Readers } from '../../registry/readers.ts';

interface ParamResource {
  readonly group: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

/**
 * The objects that a policy is evaluated with, once for each; `[null]` for a policy without parameters, none where the
 * binding allows that there are none. Throws where it does not.
 */
export async function paramsOf(
  readers: Readers,
  kind: ParamKind | undefined,
  reference: ParamRef | undefined,
  requestNamespace: string,
): Promise<readonly (KubernetesObject | null)[]> {
  if (kind === undefined || reference === undefined) return [null];
  const resource = await resourceOf(readers, kind);
  if (resource === undefined)
    throw new Error(`failed to find resource referenced by paramKind: '${kind.apiVersion}, Kind=${kind.kind}'`);
  const namespace = reference.namespace || requestNamespace;
  if (resource.namespaced && namespace === '')
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  if (!resource.namespaced && reference.namespace)
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  const place = resource.namespaced ? { namespace } : {};
  const found = await find(readers, resource, reference, place);
  if (found.length > 0 || reference.parameterNotFoundAction === 'Allow') return found;
  throw new Error(
    `no params found for policy binding with \`${reference.parameterNotFoundAction ?? 'Deny'}\` parameterNotFoundAction`,
  );
}

async function find(
  readers: Readers,
  resource: ParamResource,
  { name, selector }: ParamRef,
  place: { namespace?: string },
): Promise<readonly KubernetesObject[]> {
  if (name) {
    const param = await readers.get(resource, { ...place, name });
    return param === undefined ? [] : [param];
  }
  const matcher = selectorOf(selector);
  const all = await readers.list(resource, place.namespace);
  return all.filter(({ metadata }) => matcher.matches(metadata?.labels ?? {}));
}

async function resourceOf(
  readers: Readers,
  { apiVersion = '', kind = '' }: ParamKind,
): Promise<ParamResource | undefined> {
  const { group, version } = parseGroupVersion(apiVersion);
  const row = builtinScheme().resourceOfKind({ group, version, kind });
  if (row !== undefined) return row;
  const definitions = await readers.list<CustomResourceDefinition>(CustomResourceDefinitions);
  const definition = definitions.find(({ spec }) => spec.group === group && spec.names.kind === kind);
  return (
    definition && { group, resource: definition.spec.names.plural, namespaced: definition.spec.scope === 'Namespaced' }
  );
}
