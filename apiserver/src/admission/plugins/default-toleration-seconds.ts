import { Pods } from '@coracle/apimachinery/resources';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { AdmissionPlugin } from '../admission.ts';
import { isOf } from '../refuse.ts';

const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const tolerationSeconds = 300;

/** A pod stays five minutes on a node that is lost, unless it says otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  operations: ['CREATE', 'UPDATE'],
  handles: (attributes) => isOf(attributes, Pods),
  admit({ object }) {
    const { spec } = object as Pod;
    if (spec === undefined) return;
    const own = spec.tolerations ?? [];
    const missing = taints.filter(
      (taint) => !own.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === 'NoExecute')),
    );
    if (missing.length === 0) return;
    const added = missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
    spec.tolerations = [...own, ...added];
  },
};
