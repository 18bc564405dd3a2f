/** A valid object of every kind that Kubernetes 1.37 serves, and of custom ones. */
import { accessBases } from './access.ts';
import type { Base } from './base.ts';
import { coreBases } from './core.ts';
import { customBases } from './custom.ts';
import { networkBases } from './network.ts';
import { storageBases } from './storage.ts';
import { workloadBases } from './workloads.ts';

export type { Base } from './base.ts';
export { customDefinitions } from './custom.ts';

export const bases: readonly Base[] = [
  ...coreBases,
  ...workloadBases,
  ...networkBases,
  ...accessBases,
  ...storageBases,
  ...customBases,
];
