import type { PodVolumes } from '../pods/pod-services.ts';

/** For pods whose containers only pretend: nothing is mounted and nothing is missing. */
export const noVolumes: PodVolumes = {
  mount: async () => {},
  onChange: () => {},
  unmount: async () => {},
};
