import { ValidatingAdmissionPolicies } from '@coracle/apimachinery/resources';
import type { ValidatingAdmissionPolicySpec } from '@coracle/apimachinery/types/admissionregistration-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueSelf, type StartController } from '../runtime/index.ts';
import { kindsOf } from './kinds.ts';
import { publishedType } from './published-types.ts';
import { type CheckedKind, expressionWarnings } from './type-check.ts';

/**
 * Says in a policy's status what is wrong with its expressions on objects of the kinds that it judges. That they are
 * expressions at all was seen when they were written.
 */
export const startPolicyStatus: StartController = ({ client, informers, loop, discovery, signal }) => {
  const policies = informers.for(ValidatingAdmissionPolicies);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  policies.addHandler(queueSelf(queue));

  async function reconcile(name: string): Promise<void> {
    const policy = policies.lister.get(name);
    const generation = policy?.metadata?.generation ?? 0;
    if (!policy || (policy.status?.typeChecking && policy.status.observedGeneration === generation)) return;
    const { spec = {} } = policy;
    const warnings = expressionWarnings(policy, await checkedKinds(spec), await paramsType(spec));
    const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings };
    const status = { ...policy.status, typeChecking, observedGeneration: generation };
    await client.update(ValidatingAdmissionPolicies, { ...policy, status }, { subresource: 'status' });
  }

  /** A kind that was just defined may be served and not known yet. */
  async function checkedKinds(spec: ValidatingAdmissionPolicySpec): Promise<CheckedKind[]> {
    if (kindsOf(spec, discovery.resources).length === 0) await discovery.refresh();
    const kinds: CheckedKind[] = [];
    for (const kind of kindsOf(spec, discovery.resources)) {
      const type = await publishedType(client, kind, signal);
      if (type !== undefined) kinds.push({ kind, type });
    }
    return kinds;
  }

  async function paramsType({ paramKind }: ValidatingAdmissionPolicySpec) {
    if (paramKind === undefined) return undefined;
    const { apiVersion = '', kind = '' } = paramKind;
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    const row = discovery.byKind(group, kind, version);
    return row === undefined ? undefined : publishedType(client, { group, version, kind }, signal);
  }
};
