import { ResourceQuotas } from '@coracle/apimachinery/resources';
import type { ResourceQuota } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { subtractAmounts } from '../quota/amounts.ts';
import { type Charge, chargesOf, usedWith } from '../quota/check.ts';
import { evaluatorOf } from '../quota/evaluators.ts';

/** Made too often, or never stored. */
const ignored: ReadonlySet<string> = new Set([
  '/bindings',
  '/events',
  'events.k8s.io/events',
  'authorization.k8s.io/localsubjectaccessreviews',
]);

/**
 * Counts what a namespace takes. A write is charged before it is stored, by an optimistic update of the quota's status, so
 * that writers at once cannot share what is left for one; a write that fails is given back. What is deleted the quota
 * controller gives back.
 */
export function resourceQuota(context: AdmissionContext): AdmissionPlugin {
  const turns = new Turns();
  const charged = new WeakMap<AdmissionAttributes, readonly Charge[]>();
  return {
    name: 'ResourceQuota',
    operations: ['CREATE', 'UPDATE'],
    handles: (attributes) =>
      attributes.namespace !== '' &&
      !ignored.has(`${attributes.resource.group}/${attributes.resource.resource}`) &&
      evaluatorOf(attributes.resource).handles(attributes),
    async validate(attributes) {
      const quotas = await context.readers.list<ResourceQuota>(ResourceQuotas, attributes.namespace);
      if (quotas.length === 0) return;
      const evaluator = evaluatorOf(attributes.resource);
      const charges = chargesOf(quotas, evaluator, attributes, context.environment.clock.now());
      for (const charge of charges) usedWith(charge, attributes);
      if (attributes.dryRun || charges.length === 0) return;
      const taken: Charge[] = [];
      try {
        for (const charge of charges) {
          await turns.take(keyOf(charge), () => book(context, charge, attributes));
          taken.push(charge);
        }
      } catch (error) {
        for (const charge of taken) await giveBack(context, charge);
        throw error;
      }
      charged.set(attributes, charges);
    },
    async finished(attributes, written) {
      const charges = charged.get(attributes);
      charged.delete(attributes);
      if (written) return;
      for (const charge of charges ?? []) await turns.take(keyOf(charge), () => giveBack(context, charge));
    },
  };
}

function keyOf({ quota }: Charge): string {
  return `${quota.metadata?.namespace}/${quota.metadata?.name}`;
}

function placeOf({ quota }: Charge): { namespace: string; name: string } {
  return { namespace: quota.metadata?.namespace ?? '', name: quota.metadata?.name ?? '' };
}

/** A quota that is gone meanwhile forbids nothing. */
async function book(context: AdmissionContext, charge: Charge, attributes: AdmissionAttributes): Promise<void> {
  await context.writers.update<ResourceQuota>(ResourceQuotas, placeOf(charge), (quota) => ({
    ...quota,
    status: { ...quota.status, used: usedWith({ ...charge, quota }, attributes) },
  }));
}

async function giveBack(context: AdmissionContext, charge: Charge): Promise<void> {
  await context.writers.update<ResourceQuota>(ResourceQuotas, placeOf(charge), (quota) => ({
    ...quota,
    status: { ...quota.status, used: subtractAmounts(quota.status?.used ?? {}, charge.amounts) },
  }));
}

/** Writers of one quota wait for each other instead of failing on each other's revisions. */
class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    this.#last.set(key, mine);
    try {
      await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
