import { Pods, PriorityClasses } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { PriorityClass } from '@coracle/apimachinery/types/scheduling-v1';
import type { AdmissionContext } from '../../options.ts';
import type { Readers } from '../../registry/readers.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { isOf, refuse } from '../refuse.ts';

/** Turns the name of a priority class into the number that the scheduler compares. */
export function priority({ readers }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'Priority',
    operations: ['CREATE', 'UPDATE'],
    handles: (attributes) => isOf(attributes, Pods) || isOf(attributes, PriorityClasses),
    async admit(attributes) {
      if (!isOf(attributes, Pods)) return;
      if (attributes.operation === 'CREATE') await setPriority(readers, attributes);
      else keepPriority(attributes.object as Pod, attributes.oldObject as Pod | undefined);
    },
    async validate(attributes) {
      if (isOf(attributes, PriorityClasses)) await checkDefault(readers, attributes);
    },
  };
}

async function setPriority(readers: Readers, attributes: AdmissionAttributes): Promise<void> {
  const { spec } = attributes.object as Pod;
  if (spec === undefined) return;
  const found = spec.priorityClassName
    ? await namedClass(readers, attributes, spec.priorityClassName)
    : await defaultClass(readers);
  const value = found?.value ?? 0;
  const computed = 'must not be provided in pod spec; priority admission controller computed';
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refuse(
      attributes,
      `the integer value of priority (${spec.priority}) ${computed} ${value} from the given PriorityClass name`,
    );
  }
  const policy = found === undefined ? 'PreemptLowerPriority' : found.preemptionPolicy;
  if (policy !== undefined && spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refuse(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) ${computed} ${policy} from the given PriorityClass name`,
    );
  }
  if (found?.metadata?.name !== undefined) spec.priorityClassName = found.metadata.name;
  spec.priority = value;
  if (policy !== undefined) spec.preemptionPolicy = policy;
}

/** A client that does not know these fields does not take them away. */
function keepPriority({ spec }: Pod, old: Pod | undefined): void {
  if (spec === undefined || old?.spec === undefined) return;
  if (spec.priority === undefined && old.spec.priority !== undefined) spec.priority = old.spec.priority;
  if (spec.preemptionPolicy === undefined && old.spec.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = old.spec.preemptionPolicy;
  }
}

async function namedClass(readers: Readers, attributes: AdmissionAttributes, name: string): Promise<PriorityClass> {
  const found =
    (await readers.get<PriorityClass>(PriorityClasses, { name })) ??
    (await readers.get<PriorityClass>(PriorityClasses, { name }, { type: 'newest' }));
  if (found === undefined) throw refuse(attributes, `no PriorityClass with name ${name} was found`);
  return found;
}

/** Of several defaults, which only a race can make, the lowest. */
async function defaultClass(readers: Readers): Promise<PriorityClass | undefined> {
  let found: PriorityClass | undefined;
  for (const each of await readers.list<PriorityClass>(PriorityClasses)) {
    if (each.globalDefault && (found === undefined || (each.value ?? 0) < (found.value ?? 0))) found = each;
  }
  return found;
}

async function checkDefault(readers: Readers, attributes: AdmissionAttributes): Promise<void> {
  const { metadata, globalDefault } = attributes.object as PriorityClass;
  if (!globalDefault) return;
  const present = await defaultClass(readers);
  if (present === undefined || present.metadata?.name === metadata?.name) return;
  throw refuse(
    attributes,
    `PriorityClass ${present.metadata?.name} is already marked as default. Only one default can exist`,
  );
}
