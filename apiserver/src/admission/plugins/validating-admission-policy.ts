import { textOfError, type StatusReason } from '@coracle/apimachinery/errors';
import { ValidatingAdmissionPolicies, ValidatingAdmissionPolicyBindings } from '@coracle/apimachinery/resources';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { requestVariables } from '../cel/request-variables.ts';
import { type Denial, evaluatePolicy } from '../policies/evaluate.ts';
import { matchResources } from '../policies/match-resources.ts';
import { paramsOf } from '../policies/params.ts';
import { type BoundPolicy, PolicyBindings } from '../policies/policy-index.ts';
import { refuse } from '../refuse.ts';
import { isExempt } from '../webhooks/dispatch.ts';
import { namespaceOf } from '../webhooks/match.ts';

const codes: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** A denial with the policy and binding it comes from. */
interface Denied extends Denial {
  readonly policy: string;
  readonly binding: ValidatingAdmissionPolicyBinding | undefined;
}

/** Rules in CEL that administrators put into force by bindings. */
export function validatingAdmissionPolicy(context: AdmissionContext): AdmissionPlugin {
  const index = new PolicyBindings<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
    context,
    ValidatingAdmissionPolicies,
    ValidatingAdmissionPolicyBindings,
  );
  return {
    name: 'ValidatingAdmissionPolicy',
    operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
    handles: (attributes) => index.bound.length > 0 && !isExempt(attributes),
    async validate(attributes) {
      const denied: Denied[] = [];
      for (const bound of index.bound) denied.push(...(await evaluateBound(context, bound, attributes)));
      const [first] = denied;
      if (first !== undefined) throw denialOf(attributes, first);
    },
  };
}

async function evaluateBound(
  context: AdmissionContext,
  { policy, bindings }: BoundPolicy<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>,
  attributes: AdmissionAttributes,
): Promise<Denied[]> {
  const { readers, authorizer } = context;
  const { spec = {}, metadata } = policy;
  const name = metadata?.name ?? '';
  const invocation = await matchResources(readers, spec.matchConstraints, attributes);
  if (invocation === undefined) return [];
  const base = requestVariables(attributes, invocation.version, authorizer);
  const isNamespace = attributes.resource.group === '' && attributes.resource.resource === 'namespaces';
  const namespace =
    isNamespace || attributes.namespace === '' ? undefined : await namespaceOf(readers, attributes.namespace);
  const denied: Denied[] = [];
  for (const binding of bindings) {
    if ((await matchResources(readers, binding.spec.matchResources, attributes)) === undefined) continue;
    try {
      const params = await paramsOf(readers, spec.paramKind, binding.spec.paramRef, attributes.namespace);
      for (const param of params) {
        const { denials, annotations } = evaluatePolicy(spec, {
          ...base,
          params: param,
          namespaceObject: namespace ?? null,
        });
        for (const [key, value] of Object.entries(annotations)) attributes.annotate(`${name}/${key}`, value);
        for (const denial of denials) denied.push(...act(attributes, { ...denial, policy: name, binding }));
      }
    } catch (error) {
      const message = `failed to configure binding: ${textOfError(error)}`;
      if (spec.failurePolicy !== 'Ignore') denied.push({ message, reason: '', policy: name, binding });
    }
  }
  return denied;
}

/** What the binding wants done about a denial; answers it where it is to be refused. */
function act(attributes: AdmissionAttributes, denied: Denied): Denied[] {
  const actions = denied.binding?.spec.validationActions ?? [];
  const [policy, binding] = [denied.policy, denied.binding?.metadata?.name ?? ''];
  if (actions.includes('Warn')) {
    attributes.warn(
      `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${denied.message}`,
    );
  }
  if (actions.includes('Audit')) {
    const failure = [{ message: denied.message, policy, binding, validationActions: actions }];
    attributes.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(failure));
  }
  return actions.includes('Deny') ? [denied] : [];
}

function denialOf(attributes: AdmissionAttributes, { policy, binding, message, reason }: Denied): Error {
  const by = binding === undefined ? '' : ` with binding '${binding.metadata?.name}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const error = refuse(attributes, text);
  const told = reason || 'Invalid';
  error.status.reason = told as StatusReason;
  error.status.code = codes[told] ?? 422;
  error.status.details = { ...error.status.details, causes: [{ message: text }] };
  return error;
}
