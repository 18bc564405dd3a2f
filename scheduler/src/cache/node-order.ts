import type { NodeInfo } from './node-info.ts';

const regionLabel = 'topology.kubernetes.io/region';
const zoneLabel = 'topology.kubernetes.io/zone';

/**
 * The nodes in the order in which cycles look at them: one of each zone in turn, so that the part of them that a cycle looks
 * at covers all zones (scheduler/backend/cache/node_tree.go).
 */
export function inZoneOrder(nodes: Iterable<NodeInfo>): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const node of nodes) {
    const zone = `${node.labels[regionLabel] ?? ''}:${node.labels[zoneLabel] ?? ''}`;
    const members = zones.get(zone);
    if (members) members.push(node);
    else zones.set(zone, [node]);
  }
  const lists = [...zones.values()];
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const ordered: NodeInfo[] = [];
  for (let turn = 0; turn < longest; turn++) {
    for (const list of lists) {
      const node = list[turn];
      if (node) ordered.push(node);
    }
  }
  return ordered;
}

/** Zone and region decide a node's place. */
export function isSamePlace(one: NodeInfo['labels'], other: NodeInfo['labels']): boolean {
  return one[zoneLabel] === other[zoneLabel] && one[regionLabel] === other[regionLabel];
}
