import { Nodes } from '@coracle/apimachinery/resources';
import type { Node } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionPlugin } from '../admission.ts';
import { isOf } from '../refuse.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** A new node takes no pods until the node life-cycle controller has seen it ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  operations: ['CREATE'],
  handles: (attributes) => isOf(attributes, Nodes),
  admit({ object }) {
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
    node.spec = { ...node.spec, taints: [...taints, { ...notReady }] };
  },
};
