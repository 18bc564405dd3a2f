import { type CelProgram, compile } from '@coracle/apimachinery/cel';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Authorizer } from '../../auth/authorizer.ts';
import { userOnTheWire } from '../../resources/authentication/user-on-the-wire.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { AuthorizerValue } from './authorizer-value.ts';
import { compileRegex } from './regex.ts';

/** Variables that expressions of admission may use; `params`, `namespaceObject` and `variables` in policies only. */
const names = ['object', 'oldObject', 'request', 'authorizer', 'params', 'namespaceObject', 'variables'];
const environment = {
  variables: Object.fromEntries(names.map((name) => [name, undefined])),
  regex: compileRegex,
};
const programsMax = 4096;
const programs = new Map<string, CelProgram | Error>();

/** An expression made ready; made once for each text. Throws CelError. */
export function programOf(expression: string): CelProgram {
  let program = programs.get(expression);
  if (program === undefined) {
    program = tryCompile(expression);
    if (programs.size >= programsMax) programs.clear();
    programs.set(expression, program);
  }
  if (program instanceof Error) throw program;
  return program;
}

function tryCompile(expression: string): CelProgram | Error {
  try {
    return compile(expression, environment);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What expressions see of a write, with objects in one version. */
export function requestVariables(
  attributes: AdmissionAttributes,
  version: string,
  authorizer: Authorizer,
): Record<string, unknown> {
  const { kind, resource, subresource, namespace, name, operation, user, dryRun, options, object, oldObject } =
    attributes;
  const show = (each: KubernetesObject | undefined) =>
    each === undefined ? null : attributes.toVersion(each, version);
  return {
    object: operation === 'CONNECT' ? (object ?? null) : show(object),
    oldObject: show(oldObject),
    authorizer: new AuthorizerValue(authorizer, user),
    request: {
      kind: { group: kind.group, version, kind: kind.kind },
      resource: { group: resource.group, version, resource: resource.resource },
      subResource: subresource,
      requestKind: { group: kind.group, version: kind.version, kind: kind.kind },
      requestResource: { group: resource.group, version: resource.version, resource: resource.resource },
      requestSubResource: subresource,
      name,
      namespace,
      operation,
      userInfo: userOnTheWire(user),
      dryRun,
      options,
    },
  };
}
