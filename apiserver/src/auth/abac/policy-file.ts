import { badRequest, textOfError } from '@coracle/apimachinery/errors';
import { checkObject, strictDecodingError } from '@coracle/apimachinery/structural';
import { document, flag, readText, struct, text } from '../../configfile/index.ts';
import { authenticatedGroup } from '../authenticators/users.ts';

/** What somebody may do. A request matches one policy or is not allowed; `*` is anything. */
export interface AbacPolicy {
  readonly user?: string;
  readonly group?: string;
  /** Allows get, list and watch only. */
  readonly readonly?: boolean;
  readonly apiGroup?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly nonResourcePath?: string;
}

const fields = { user: text, group: text, readonly: flag, resource: text, namespace: text };
const shape = document('v1beta1.Policy', {
  spec: struct('v1beta1.PolicySpec', { ...fields, apiGroup: text, nonResourcePath: text }),
});
const bareShape = struct('v0.Policy', fields);

/**
 * `--authorization-policy-file`: an `abac.authorization.kubernetes.io/v1beta1` Policy as JSON in each line, or the older form
 * without a version; empty lines and `#` are left out. Throws a StatusError that names file and line.
 */
export async function readPolicyFile(path: string): Promise<readonly AbacPolicy[]> {
  const lines = (await readText(path)).split('\n');
  return lines.flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      return [policyOf(JSON.parse(trimmed) as Record<string, unknown>)];
    } catch (error) {
      throw badRequest(`${path}: line ${index + 1}: ${textOfError(error)}`);
    }
  });
}

function policyOf(value: Record<string, unknown>): AbacPolicy {
  const { apiVersion, kind } = value;
  if (apiVersion === undefined && kind === undefined) return fromBare(decode(value, bareShape) as AbacPolicy);
  if (apiVersion !== 'abac.authorization.kubernetes.io/v1beta1' || kind !== 'Policy') {
    throw badRequest('apiVersion: abac.authorization.kubernetes.io/v1beta1, kind: Policy is expected');
  }
  return forEverybody((decode(value, shape) as { spec?: AbacPolicy }).spec ?? {});
}

function decode(value: Record<string, unknown>, expected: Parameters<typeof checkObject>[1]): unknown {
  const { object, strictErrors } = checkObject(value, expected);
  if (strictErrors.length > 0) throw badRequest(strictDecodingError(strictErrors));
  return object;
}

/** `*` means those who have a name, not the anonymous. */
function forEverybody(policy: AbacPolicy): AbacPolicy {
  if (policy.user !== '*' && policy.group !== '*') return policy;
  return { ...policy, user: '', group: authenticatedGroup };
}

/** In the older form, what is not said is anything (pkg/apis/abac/v0/conversion.go). */
function fromBare(policy: AbacPolicy): AbacPolicy {
  const { user, group, namespace, resource } = policy;
  const all = !user && !group ? { group: authenticatedGroup } : {};
  const paths = !namespace && !resource ? { nonResourcePath: '*' } : {};
  return forEverybody({
    ...policy,
    ...all,
    ...paths,
    apiGroup: '*',
    namespace: namespace || '*',
    resource: resource || '*',
  });
}
