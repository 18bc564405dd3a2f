import { textOfError, type StatusReason } from '@coracle/apimachinery/errors';
import { ValidatingAdmissionPolicies, ValidatingAdmissionPolicyBindings } from '@coracle/apimachinery/resources';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import type { AdmissionContext } from '../../options.ts';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { AskedAuthorizer, whenDecided } from '../cel/asked-authorizer.ts';
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
interface Denied extends Pick<Denial, 'message' | 'reason'> {
  readonly policy: string;
  readonly binding: ValidatingAdmissionPolicyBinding | undefined;
}

/** What is to be said of a write to the one who asks and to the audit log, of all policies. */
interface Verdict {
  readonly denied: Denied[];
  readonly audited: ValidationFailure[];
}

/** An entry of the annotation; the order of its fields is upstream's. */
interface ValidationFailure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

const failuresKey = 'validation.policy.admission.k8s.io/validation_failure';
const failuresMax = 50;

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
      const verdict: Verdict = { denied: [], audited: [] };
      const asked = { readers: context.readers, authorizer: new AskedAuthorizer(context.authorizer) };
      for (const bound of index.bound) await evaluateBound(asked, bound, attributes, verdict);
      const { denied, audited } = verdict;
      if (audited.length > 0) attributes.annotate(failuresKey, JSON.stringify(audited.slice(0, failuresMax)));
      const [first] = denied;
      if (first !== undefined) throw denialOf(attributes, first);
    },
  };
}

async function evaluateBound(
  { readers, authorizer }: { readonly readers: Readers; readonly authorizer: AskedAuthorizer },
  { policy, bindings }: BoundPolicy<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>,
  attributes: AdmissionAttributes,
  verdict: Verdict,
): Promise<void> {
  const { spec = {}, metadata } = policy;
  const name = metadata?.name ?? '';
  const invocation = await matchResources(readers, spec.matchConstraints, attributes);
  if (invocation === undefined) return;
  const base = requestVariables(attributes, invocation.version, authorizer);
  const isNamespace = attributes.resource.group === '' && attributes.resource.resource === 'namespaces';
  const namespace =
    isNamespace || attributes.namespace === '' ? undefined : await namespaceOf(readers, attributes.namespace);
  // Bindings may give an annotation different values, by their parameters.
  const annotations = new Map<string, Set<string>>();
  for (const binding of bindings) {
    if ((await matchResources(readers, binding.spec.matchResources, attributes)) === undefined) continue;
    try {
      const params = await paramsOf(readers, spec.paramKind, binding.spec.paramRef, attributes.namespace);
      for (const param of params) {
        const variables = { ...base, params: param, namespaceObject: namespace ?? null };
        const evaluation = await whenDecided(() => evaluatePolicy(spec, variables));
        for (const denial of evaluation.denials) act(attributes, denial, { policy: name, binding }, verdict);
        for (const [key, value] of Object.entries(evaluation.annotations)) {
          annotations.set(key, (annotations.get(key) ?? new Set()).add(value));
        }
        for (const message of evaluation.annotationErrors) {
          verdict.denied.push({ message, reason: '', policy: name, binding });
        }
      }
    } catch (error) {
      const message = `failed to configure binding: ${textOfError(error)}`;
      if (spec.failurePolicy !== 'Ignore') verdict.denied.push({ message, reason: '', policy: name, binding });
    }
  }
  for (const [key, values] of annotations) attributes.annotate(`${name}/${key}`, [...values].join(', '));
}

/** What the binding wants done about a denial. */
function act(
  attributes: AdmissionAttributes,
  { message, reason, expressionIndex }: Denial,
  { policy, binding }: { policy: string; binding: ValidatingAdmissionPolicyBinding },
  { denied, audited }: Verdict,
): void {
  const { validationActions = [] } = binding.spec;
  const name = binding.metadata?.name ?? '';
  if (validationActions.includes('Deny')) denied.push({ message, reason, policy, binding });
  if (validationActions.includes('Audit')) {
    audited.push({ message, policy, binding: name, expressionIndex, validationActions });
  }
  if (validationActions.includes('Warn')) {
    const failed = `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${name}'`;
    attributes.warn(`${failed}: ${message}`);
  }
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
