import { quote } from '@coracle/apimachinery/errors';
import { compareQuantities } from '@coracle/apimachinery/quantity';
import { Pods, RuntimeClasses } from '@coracle/apimachinery/resources';
import type { Pod, Toleration } from '@coracle/apimachinery/types/core-v1';
import type { RuntimeClass } from '@coracle/apimachinery/types/node-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { isOf, refuse } from '../refuse.ts';

/** A pod takes over the overhead and the scheduling constraints of its runtime. */
export function runtimeClass({ readers }: AdmissionContext): AdmissionPlugin {
  const classOf = async (attributes: AdmissionAttributes): Promise<RuntimeClass | undefined> => {
    const name = (attributes.object as Pod).spec?.runtimeClassName;
    if (name === undefined) return undefined;
    const found =
      (await readers.get<RuntimeClass>(RuntimeClasses, { name })) ??
      (await readers.get<RuntimeClass>(RuntimeClasses, { name }, { type: 'newest' }));
    if (found === undefined) throw refuse(attributes, `pod rejected: RuntimeClass ${quote(name)} not found`);
    return found;
  };
  return {
    name: 'RuntimeClass',
    operations: ['CREATE'],
    handles: (attributes) => isOf(attributes, Pods),
    async admit(attributes) {
      const found = await classOf(attributes);
      if (found === undefined) return;
      setOverhead(attributes, found);
      setScheduling(attributes, found);
    },
    async validate(attributes) {
      const { spec } = attributes.object as Pod;
      const found = await classOf(attributes);
      const overhead = found?.overhead?.podFixed;
      const own = spec?.overhead ?? {};
      if (overhead !== undefined && !sameAmounts(overhead, own)) throw overheadMismatch(attributes);
      if (overhead === undefined && Object.keys(own).length > 0) {
        throw refuse(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
    },
  };
}

function setOverhead(attributes: AdmissionAttributes, { overhead }: RuntimeClass): void {
  const { spec } = attributes.object as Pod;
  if (spec === undefined || overhead?.podFixed === undefined) return;
  const own = spec.overhead ?? {};
  if (Object.keys(own).length > 0 && !sameAmounts(overhead.podFixed, own)) throw overheadMismatch(attributes);
  spec.overhead = { ...overhead.podFixed };
}

function overheadMismatch(attributes: AdmissionAttributes): Error {
  return refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

function setScheduling(attributes: AdmissionAttributes, { scheduling, metadata }: RuntimeClass): void {
  const { spec } = attributes.object as Pod;
  if (spec === undefined || scheduling === undefined) return;
  const own = spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    if (own[key] === undefined || own[key] === value) continue;
    throw refuse(
      attributes,
      `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key]} (RuntimeClass ${metadata?.name})`,
    );
  }
  if (scheduling.nodeSelector !== undefined) spec.nodeSelector = { ...own, ...scheduling.nodeSelector };
  const tolerations = spec.tolerations ?? [];
  const missing = (scheduling.tolerations ?? []).filter(
    (each) => !tolerations.some((other) => sameToleration(each, other)),
  );
  if (missing.length > 0) spec.tolerations = [...tolerations, ...missing];
}

function sameToleration(a: Toleration, b: Toleration): boolean {
  return (
    a.key === b.key &&
    (a.operator ?? 'Equal') === (b.operator ?? 'Equal') &&
    (a.value ?? '') === (b.value ?? '') &&
    a.effect === b.effect &&
    a.tolerationSeconds === b.tolerationSeconds
  );
}

function sameAmounts(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && compareQuantities(a[name], b[name]) === 0)
  );
}
