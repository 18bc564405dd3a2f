/** The effects of taints that keep a pod off a node. */
export const hardEffects: readonly string[] = ['NoSchedule', 'NoExecute'];
