import type { EndpointAddress, EndpointPort, EndpointSubset } from '@coracle/apimachinery/types/core-v1';
import { compareText, stableText } from '../shared/index.ts';

/** One address with one of its ports; without a port for headless services that have none. */
export interface PlacedAddress {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  readonly port?: EndpointPort;
}

/** The canonical grouping: one subset a set of ports, every address once, all in a stable order. */
export function subsetsOf(placed: readonly PlacedAddress[]): EndpointSubset[] {
  const byAddress = new Map<string, { address: EndpointAddress; ready: boolean; ports: Map<string, EndpointPort> }>();
  for (const { address, ready, port } of placed) {
    const key = `${address.ip} ${address.targetRef?.uid ?? ''} ${ready}`;
    let entry = byAddress.get(key);
    if (!entry) byAddress.set(key, (entry = { address, ready, ports: new Map() }));
    if (port) entry.ports.set(stableText(port), port);
  }
  const bySet = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  for (const { address, ready, ports } of byAddress.values()) {
    const keys = [...ports.keys()].sort();
    const setKey = keys.join();
    let subset = bySet.get(setKey);
    if (!subset) {
      subset = { ports: keys.flatMap((key) => ports.get(key) ?? []), ready: [], notReady: [] };
      bySet.set(setKey, subset);
    }
    (ready ? subset.ready : subset.notReady).push(address);
  }
  return [...bySet.entries()]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length > 0 ? { addresses: ready.sort(byIp) } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady.sort(byIp) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }));
}

/** Subsets that anybody wrote, in the canonical grouping. */
export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  return subsetsOf(
    subsets.flatMap((subset) => {
      const place = (address: EndpointAddress, ready: boolean): PlacedAddress[] =>
        subset.ports?.length ? subset.ports.map((port) => ({ address, ready, port })) : [{ address, ready }];
      return [
        ...(subset.addresses ?? []).flatMap((address) => place(address, true)),
        ...(subset.notReadyAddresses ?? []).flatMap((address) => place(address, false)),
      ];
    }),
  );
}

function byIp(a: EndpointAddress, b: EndpointAddress): number {
  return compareText(a.ip, b.ip) || compareText(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '');
}
