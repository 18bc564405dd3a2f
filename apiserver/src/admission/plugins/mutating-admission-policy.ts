import { mergeConfiguration } from '@coracle/apimachinery/apply';
import { CelError, type CostBudget, toJson } from '@coracle/apimachinery/cel';
import { textOfError } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { applyJsonPatch } from '@coracle/apimachinery/patch';
import { MutatingAdmissionPolicies, MutatingAdmissionPolicyBindings } from '@coracle/apimachinery/resources';
import { parseGroupVersion, type Schema } from '@coracle/apimachinery/schema';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import type { AdmissionContext } from '../../options.ts';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { AskedAuthorizer, whenDecided } from '../cel/asked-authorizer.ts';
import { evaluateConditions, outOfBudget } from '../cel/match-conditions.ts';
import { type Programs, policyPrograms } from '../cel/policy-programs.ts';
import { requestVariables } from '../cel/request-variables.ts';
import { lazyVariables, policyCostMax } from '../policies/evaluate.ts';
import { matchResources } from '../policies/match-resources.ts';
import { paramsOf } from '../policies/params.ts';
import { type BoundPolicy, PolicyBindings } from '../policies/policy-index.ts';
import { refuse } from '../refuse.ts';
import { isExempt } from '../webhooks/dispatch.ts';
import { type Invocation, namespaceOf } from '../webhooks/match.ts';

type Bound = BoundPolicy<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

/** Kinds without a schema here (custom resources): everything merges by name, lists are replaced. */
const anything: Schema = { type: 'map', values: { type: 'any' } };

/** Changes in CEL that administrators put into force by bindings (KEP-3962). */
export function mutatingAdmissionPolicy(context: AdmissionContext): AdmissionPlugin {
  const index = new PolicyBindings<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>(
    context,
    MutatingAdmissionPolicies,
    MutatingAdmissionPolicyBindings,
  );
  return {
    name: 'MutatingAdmissionPolicy',
    operations: ['CREATE', 'UPDATE'],
    handles: (attributes) => index.bound.length > 0 && !isExempt(attributes),
    async admit(attributes) {
      const asked = { readers: context.readers, authorizer: new AskedAuthorizer(context.authorizer) };
      const after = new Map<Bound, KubernetesObject | undefined>();
      for (const bound of index.bound) {
        await applyBound(asked, bound, attributes);
        after.set(bound, attributes.object);
      }
      // Who asked for it sees what later ones made of the object.
      for (const [bound, seen] of after) {
        if (bound.policy.spec?.reinvocationPolicy !== 'IfNeeded' || deepEqual(seen, attributes.object)) continue;
        await applyBound(asked, bound, attributes);
      }
    },
  };
}

/** What one write's policies ask. */
interface Asked {
  readonly readers: Readers;
  readonly authorizer: AskedAuthorizer;
}

async function applyBound(asked: Asked, { policy, bindings }: Bound, attributes: AdmissionAttributes): Promise<void> {
  const { readers } = asked;
  const { spec = {}, metadata } = policy;
  const invocation = await matchResources(readers, spec.matchConstraints, attributes);
  if (invocation === undefined) return;
  for (const binding of bindings) {
    if ((await matchResources(readers, binding.spec?.matchResources, attributes)) === undefined) continue;
    try {
      const params = await paramsOf(readers, spec.paramKind, binding.spec?.paramRef, attributes.namespace);
      for (const param of params) await mutate(asked, policy, invocation, attributes, param);
    } catch (error) {
      if (spec.failurePolicy === 'Ignore') continue;
      const by = `policy '${metadata?.name}' with binding '${binding.metadata?.name}'`;
      throw refuse(attributes, `${by} denied request: ${textOfError(error)}`);
    }
  }
}

async function mutate(
  { readers, authorizer }: Asked,
  { spec = {} }: MutatingAdmissionPolicy,
  { version }: Invocation,
  attributes: AdmissionAttributes,
  param: KubernetesObject | null,
): Promise<void> {
  const namespace = attributes.namespace === '' ? undefined : await namespaceOf(readers, attributes.namespace);
  const programs = policyPrograms(spec, true);
  const budget = { remaining: policyCostMax };
  const variablesNow = () => {
    const request = requestVariables(attributes, version, authorizer);
    const base = { ...request, params: param, namespaceObject: namespace ?? null };
    return { ...base, variables: lazyVariables(spec, base, programs, budget) };
  };
  const verdict = await whenDecided(() => evaluateConditions(spec.matchConditions ?? [], variablesNow()));
  if (verdict.type === 'error') throw new Error(verdict.message);
  if (verdict.type === 'no') return;
  for (const mutation of spec.mutations ?? []) {
    const object = attributes.object as KubernetesObject;
    const stored = parseGroupVersion(object.apiVersion ?? '').version;
    const shown = attributes.toVersion(object, version);
    const before = budget.remaining;
    const value = await whenDecided(() => {
      budget.remaining = before;
      return valueOf(mutation, programs, variablesNow(), budget);
    });
    const changed = mutated(mutation, shown, value);
    const back = version === stored ? changed : attributes.toVersion(changed, stored);
    attributes.object = { ...back, ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }) };
  }
}

/** What a mutation's expression gives, as JSON. Throws CelError where it gives nothing or costs too much. */
function valueOf(
  { patchType, applyConfiguration, jsonPatch }: Mutation,
  programs: Programs,
  variables: object,
  budget: CostBudget,
): unknown {
  const isPatch = patchType === 'JSONPatch';
  const expression = (isPatch ? jsonPatch?.expression : applyConfiguration?.expression) ?? '';
  const program = programs.of(expression, [isPatch ? 'list(JSONPatch)' : 'Object']);
  const value = toJson(program.evaluate(variables as Record<string, unknown>, budget));
  if (budget.remaining < 0) throw new CelError(outOfBudget);
  return value;
}

function mutated({ patchType }: Mutation, object: KubernetesObject, value: unknown): KubernetesObject {
  if (patchType === 'JSONPatch') return applyJsonPatch(object, value);
  const schema = builtinScheme().schemaOfObject(object) ?? anything;
  return mergeConfiguration(object, value, schema) as KubernetesObject;
}
