import type { Container, Pod, Volume } from '@coracle/apimachinery/types/core-v1';

/** Volumes that a machine without a cloud's disks can have. */
const supportedVolumes = [
  'emptyDir',
  'configMap',
  'secret',
  'projected',
  'downwardAPI',
  'nfs',
  'persistentVolumeClaim',
] as const;

/** Undefined for pods that Fargate runs; otherwise why it does not, in its own words. `isBound` tells of a claim of the pod's namespace. */
export function refusalOf(pod: Pick<Pod, 'spec'>, isBound: (claim: string) => boolean): string | undefined {
  const reasons = [unsupportedFields(pod), invalidSecurity(pod), unsupportedVolumes(pod, isBound)].filter(Boolean);
  return reasons.length === 0 ? undefined : `Pod not supported on Fargate: ${reasons.join(', ')}`;
}

function unsupportedFields({ spec }: Pick<Pod, 'spec'>): string {
  const fields = [
    ...(spec?.hostNetwork ? ['HostNetwork'] : []),
    ...(spec?.hostPID ? ['HostPID'] : []),
    ...(spec?.hostIPC ? ['HostIPC'] : []),
    ...(allContainers(spec).some(usesHostPorts) ? ['port contains HostIP or HostPort'] : []),
  ];
  return fields.length === 0 ? '' : `fields not supported: ${fields.join(', ')}`;
}

function usesHostPorts({ ports }: Container): boolean {
  return ports?.some(({ hostPort, hostIP }) => Boolean(hostPort) || Boolean(hostIP)) ?? false;
}

function invalidSecurity({ spec }: Pick<Pod, 'spec'>): string {
  const containers = allContainers(spec);
  const fields = [
    ...(containers.some(({ securityContext }) => securityContext?.privileged) ? ['Privileged'] : []),
    ...(containers.some(({ securityContext }) => securityContext?.allowPrivilegeEscalation)
      ? ['AllowPrivilegeEscalation']
      : []),
  ];
  return fields.length === 0 ? '' : `invalid SecurityContext fields: ${fields.join(', ')}`;
}

function unsupportedVolumes({ spec }: Pick<Pod, 'spec'>, isBound: (claim: string) => boolean): string {
  const reasons = (spec?.volumes ?? []).flatMap((volume) => volumeRefusal(volume, isBound));
  return reasons.length === 0 ? '' : `volumes not supported: ${reasons.join(', ')}`;
}

function volumeRefusal(volume: Volume, isBound: (claim: string) => boolean): readonly string[] {
  if (!supportedVolumes.some((kind) => volume[kind] !== undefined))
    return [`${volume.name} is of an unsupported volume Type`];
  const claim = volume.persistentVolumeClaim?.claimName;
  if (claim === undefined || isBound(claim)) return [];
  return [`${volume.name} not supported because: PVC ${claim} not bound`];
}

function allContainers(spec: Pod['spec']): readonly Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}
