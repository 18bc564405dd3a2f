/** Facts of the clouds that the machines are modelled on: instance types and Fargate sizes. */
import { instanceTypeRows } from './instance-types.ts';

export { fargateEphemeralGiB, fargateOverheadMiB, fargatePrice, fargateSizeRows } from './fargate-sizes.ts';

export interface InstanceType {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly architecture: 'amd64' | 'arm64';
  /** Pods that its network interfaces have addresses for. */
  readonly maxPods: number;
  readonly usdPerHour: number;
}

/** By name. */
export const instanceTypes: ReadonlyMap<string, InstanceType> = new Map(
  instanceTypeRows.map(([name, vcpus, memoryMiB, architecture, maxPods, usdPerHour]) => [
    name,
    { name, vcpus, memoryMiB, architecture, maxPods, usdPerHour },
  ]),
);
