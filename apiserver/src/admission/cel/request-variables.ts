import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { userOnTheWire } from '../../resources/authentication/user-on-the-wire.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { AskedAuthorizer } from './asked-authorizer.ts';
import { AuthorizerValue } from './authorizer-value.ts';

/** What expressions see of a write, with objects in one version. */
export function requestVariables(
  attributes: AdmissionAttributes,
  version: string,
  authorizer: AskedAuthorizer,
): Record<string, unknown> {
  const { kind, resource, subresource, namespace, name, operation, user, dryRun, options, object, oldObject } =
    attributes;
  const asker = new AuthorizerValue(authorizer, user);
  const show = (each: KubernetesObject | undefined) =>
    each === undefined ? null : attributes.toVersion(each, version);
  return {
    object: operation === 'CONNECT' ? (object ?? null) : show(object),
    oldObject: show(oldObject),
    authorizer: asker,
    'authorizer.requestResource': asker.ofRequest(attributes),
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
