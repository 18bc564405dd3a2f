/** Facts of the clouds that the machines are modelled on: instance types, Fargate sizes, zones. */
import { instanceTypeRows } from './instance-types.ts';

export { fargateEphemeralGiB, fargateOverheadMiB, fargatePrice, fargateSizeRows } from './fargate-sizes.ts';

/** The name of an availability zone, as a pattern: `us-east-1a`. */
export const zonePattern = '^[a-z]+-[a-z]+-[0-9][a-g]$';

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
