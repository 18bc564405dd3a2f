/**
 * Writes `kubelet-shim/src/data/{instance-types,fargate-sizes}.ts` from the facts beside this file, after checking them
 * against the formulas that EKS publishes.
 *
 *     node tools/gen-cloud-data/generate.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface InstanceFacts {
  readonly type: string;
  readonly vcpu: number;
  readonly memMiB: number;
  readonly arch: 'amd64' | 'arm64';
  readonly enis: number;
  readonly ipsPerEni: number;
  readonly maxPods: number;
  readonly odUsdPerHour: number;
}

interface SizeFacts {
  readonly cpuUnits: number;
  readonly memMiB?: readonly number[];
  readonly minMiB?: number;
  readonly maxMiB?: number;
  readonly stepMiB?: number;
}

interface FargateFacts {
  readonly sizes: readonly SizeFacts[];
  readonly pricePerHour: { readonly vcpu: number; readonly gb: number };
  readonly ephemeralGiB: number;
  readonly overheadMiB: number;
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as T;
const write = (file: string, text: string): void =>
  writeFileSync(new URL(`../../kubelet-shim/src/data/${file}`, import.meta.url), text);

const instances = read<{ region: string; types: readonly InstanceFacts[] }>('instance-types.json');
for (const { type, enis, ipsPerEni, maxPods } of instances.types) {
  if (maxPods !== enis * (ipsPerEni - 1) + 2)
    throw new Error(`${type}: ${maxPods} pods do not follow from its interfaces`);
}

const rows = instances.types.map(
  ({ type, vcpu, memMiB, arch, maxPods, odUsdPerHour }) =>
    `  ['${type}', ${vcpu}, ${memMiB}, '${arch}', ${maxPods}, ${odUsdPerHour}],\n`,
);
write(
  'instance-types.ts',
  `/** Made by tools/gen-cloud-data; not edited. Name, vCPUs, memory in MiB, architecture, pods at most, USD an hour in ${instances.region}. */
export const instanceTypeRows: readonly (readonly [string, number, number, 'amd64' | 'arm64', number, number])[] = [
${rows.join('')}];
`,
);

const fargate = read<FargateFacts>('fargate.json');
const sizes = fargate.sizes.map((size) => `  [${size.cpuUnits}, [${memories(size).join(', ')}]],\n`);
write(
  'fargate-sizes.ts',
  `/** Made by tools/gen-cloud-data; not edited. CPU in 1/1024 vCPU, and the memory sizes in MiB it comes with. */
export const fargateSizeRows: readonly (readonly [number, readonly number[]])[] = [
${sizes.join('')}];

/** USD an hour in us-east-1. */
export const fargatePrice = { vcpu: ${fargate.pricePerHour.vcpu}, gigabyte: ${fargate.pricePerHour.gb} } as const;

/** What the Kubernetes components of a Fargate machine take of its memory. */
export const fargateOverheadMiB = ${fargate.overheadMiB};

/** Disk of a Fargate machine. */
export const fargateEphemeralGiB = ${fargate.ephemeralGiB};
`,
);

function memories(size: SizeFacts): readonly number[] {
  if (size.memMiB !== undefined) return size.memMiB;
  const { minMiB = 0, maxMiB = 0, stepMiB = 1024 } = size;
  return Array.from({ length: (maxMiB - minMiB) / stepMiB + 1 }, (_, index) => minMiB + index * stepMiB);
}
