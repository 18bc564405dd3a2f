import type { KubernetesObject } from '../meta/index.ts';
import type { GroupVersion } from './scheme.ts';

/** How the versions of some kinds turn into each other, where their fields differ. */
export interface Conversion {
  readonly kinds: readonly { readonly group: string; readonly kind: string }[];
  /** A new object of group version `to`; `object` is shared and must not be changed, its parts may be reused. */
  convert(object: KubernetesObject, to: GroupVersion): KubernetesObject;
}
