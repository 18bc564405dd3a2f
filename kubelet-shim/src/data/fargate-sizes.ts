/** Made by tools/gen-cloud-data; not edited. CPU in 1/1024 vCPU, and the memory sizes in MiB it comes with. */
export const fargateSizeRows: readonly (readonly [number, readonly number[]])[] = [
  [256, [512, 1024, 2048]],
  [512, [1024, 2048, 3072, 4096]],
  [1024, [2048, 3072, 4096, 5120, 6144, 7168, 8192]],
  [2048, [4096, 5120, 6144, 7168, 8192, 9216, 10240, 11264, 12288, 13312, 14336, 15360, 16384]],
  [
    4096,
    [
      8192, 9216, 10240, 11264, 12288, 13312, 14336, 15360, 16384, 17408, 18432, 19456, 20480, 21504, 22528, 23552,
      24576, 25600, 26624, 27648, 28672, 29696, 30720,
    ],
  ],
  [8192, [16384, 20480, 24576, 28672, 32768, 36864, 40960, 45056, 49152, 53248, 57344, 61440]],
  [16384, [32768, 40960, 49152, 57344, 65536, 73728, 81920, 90112, 98304, 106496, 114688, 122880]],
];

/** USD an hour in us-east-1. */
export const fargatePrice = { vcpu: 0.04048, gigabyte: 0.004445 } as const;

/** What the Kubernetes components of a Fargate machine take of its memory. */
export const fargateOverheadMiB = 256;

/** Disk of a Fargate machine. */
export const fargateEphemeralGiB = 20;
