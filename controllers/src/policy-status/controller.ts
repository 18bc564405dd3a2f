import { ValidatingAdmissionPolicies } from '@coracle/apimachinery/resources';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueSelf, type StartController } from '../runtime/index.ts';

/** Notes which generation of each policy has been looked at. Expressions are compiled, and refused, when they are written. */
export const startPolicyStatus: StartController = ({ client, informers, loop }) => {
  const policies = informers.for(ValidatingAdmissionPolicies);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  policies.addHandler(queueSelf(queue));

  async function reconcile(name: string): Promise<void> {
    const policy = policies.lister.get(name);
    const generation = policy?.metadata?.generation ?? 0;
    if (!policy || (policy.status?.typeChecking && policy.status.observedGeneration === generation)) return;
    const status = { typeChecking: {}, ...policy.status, observedGeneration: generation };
    await client.update(ValidatingAdmissionPolicies, { ...policy, status }, { subresource: 'status' });
  }
};
