import { parseQuantity, type Quantity, quantityOrZero } from '@coracle/apimachinery/quantity';
import type { Container, Pod, PodSpec } from '@coracle/apimachinery/types/core-v1';

export type ResourceAmounts = Map<string, Quantity>;
type Texts = Readonly<Record<string, string>> | undefined;

/** Amounts of a resource list. */
export function amountsOf(texts: Texts): ResourceAmounts {
  return new Map(Object.entries(texts ?? {}).map(([name, text]) => [name, quantityOrZero(text)]));
}

export function addAmounts(into: ResourceAmounts, added: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of added) into.set(name, into.get(name)?.add(amount) ?? amount);
}

function maxAmounts(into: ResourceAmounts, other: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of other) {
    const current = into.get(name);
    if (!current || current.compare(amount) < 0) into.set(name, amount);
  }
}

/**
 * What the whole pod asks for: its containers together with its sidecars, or the init container that needs more at its turn;
 * amounts of the pod itself go before those; overhead comes on top (component-helpers resource.PodRequests).
 */
export function podRequests(pod: Pod): ResourceAmounts {
  const total = podAmounts(pod.spec, (container) => container.resources?.requests, pod.spec?.resources?.requests);
  addAmounts(total, amountsOf(pod.spec?.overhead));
  return total;
}

export function podLimits(pod: Pod): ResourceAmounts {
  const total = podAmounts(pod.spec, (container) => container.resources?.limits, pod.spec?.resources?.limits);
  for (const [name, amount] of amountsOf(pod.spec?.overhead)) {
    // Overhead does not limit what has no limit.
    const limit = total.get(name);
    if (limit) total.set(name, limit.add(amount));
  }
  return total;
}

function podAmounts(spec: PodSpec | undefined, of: (container: Container) => Texts, podLevel: Texts): ResourceAmounts {
  const total: ResourceAmounts = new Map();
  for (const container of spec?.containers ?? []) addAmounts(total, amountsOf(of(container)));
  const sidecars: ResourceAmounts = new Map();
  const initial: ResourceAmounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    const own = amountsOf(of(container));
    if (container.restartPolicy === 'Always') {
      addAmounts(total, own);
      addAmounts(sidecars, own);
      maxAmounts(initial, sidecars);
    } else {
      const turn = new Map(sidecars);
      addAmounts(turn, own);
      maxAmounts(initial, turn);
    }
  }
  maxAmounts(total, initial);
  for (const [name, text] of Object.entries(podLevel ?? {})) total.set(name, parseQuantity(text));
  return total;
}
