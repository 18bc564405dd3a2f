import type {
  Container,
  Pod,
  PodSecurityContext,
  SeccompProfile,
  SecurityContext,
} from '@coracle/apimachinery/types/core-v1';
import type {
  ContainerSecurityContext,
  NamespaceOptions,
  SandboxSecurityContext,
  SecurityProfile,
} from '../runtime/index.ts';
import { podLabel } from './observed.ts';

/** Who the image says it runs as. */
export interface ImageUser {
  readonly uid?: number | undefined;
  readonly username: string;
}

export interface SecurityDefaults {
  /** RuntimeDefault instead of Unconfined for pods that say nothing. */
  readonly seccompDefault: boolean;
}

/** What a container must not see of the kernel (upstream's defaults in pkg/securitycontext). */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export function namespaceOptions(pod: Pod): NamespaceOptions {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec ?? {};
  return {
    network: hostNetwork ? 'NODE' : 'POD',
    pid: hostPID ? 'NODE' : shareProcessNamespace ? 'POD' : 'CONTAINER',
    ipc: hostIPC ? 'NODE' : 'POD',
  };
}

export function sandboxSecurity(pod: Pod): SandboxSecurityContext {
  const context = pod.spec?.securityContext ?? {};
  const { runAsUser, runAsGroup } = context;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return {
    namespaceOptions: namespaceOptions(pod),
    privileged: containers.some(({ securityContext }) => securityContext?.privileged === true),
    seccomp: { profileType: 'RuntimeDefault' },
    ...(runAsUser !== undefined && { runAsUser: { value: runAsUser } }),
    ...(runAsGroup !== undefined && runAsUser !== undefined && { runAsGroup: { value: runAsGroup } }),
    supplementalGroups: podGroups(context),
  };
}

/** Throws where the pod forbids root and the image would be root. */
export function containerSecurity(
  pod: Pod,
  spec: Container,
  imageUser: ImageUser,
  defaults: SecurityDefaults,
): ContainerSecurityContext {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = spec.securityContext ?? {};
  const user = userOf(ofPod, own, imageUser);
  refuseRoot(pod, spec, user, own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false);
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  const privileged = own.privileged ?? false;
  const isUnmasked = privileged || own.procMount === 'Unmasked';
  return {
    namespaceOptions: namespaceOptions(pod),
    privileged,
    ...user.fields,
    ...(runAsGroup !== undefined && { runAsGroup: { value: runAsGroup } }),
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    supplementalGroups: podGroups(ofPod),
    noNewPrivs: own.allowPrivilegeEscalation === false,
    maskedPaths: isUnmasked ? [] : maskedPaths,
    readonlyPaths: isUnmasked ? [] : readonlyPaths,
    seccomp: privileged
      ? { profileType: 'Unconfined' }
      : seccompOf(own.seccompProfile ?? ofPod.seccompProfile, defaults),
    ...(own.capabilities && {
      capabilities: {
        addCapabilities: own.capabilities.add ?? [],
        dropCapabilities: own.capabilities.drop ?? [],
      },
    }),
  };
}

function podGroups({ fsGroup, supplementalGroups }: PodSecurityContext): readonly number[] {
  return [...(supplementalGroups ?? []), ...(fsGroup === undefined ? [] : [fsGroup])];
}

interface EffectiveUser {
  readonly fields: Pick<ContainerSecurityContext, 'runAsUser' | 'runAsUsername'>;
  readonly uid?: number | undefined;
  readonly username: string;
  readonly isFromImage: boolean;
}

function userOf(ofPod: PodSecurityContext, own: SecurityContext, image: ImageUser): EffectiveUser {
  const uid = own.runAsUser ?? ofPod.runAsUser;
  if (uid !== undefined) return { fields: { runAsUser: { value: uid } }, uid, username: '', isFromImage: false };
  if (image.uid !== undefined)
    return { fields: { runAsUser: { value: image.uid } }, uid: image.uid, username: '', isFromImage: true };
  const fields = image.username === '' ? {} : { runAsUsername: image.username };
  return { fields, username: image.username, isFromImage: true };
}

function refuseRoot(pod: Pod, spec: Container, user: EffectiveUser, runAsNonRoot: boolean): void {
  if (!runAsNonRoot) return;
  const where = `(pod: "${podLabel(pod)}", container: ${spec.name})`;
  if (!user.isFromImage && user.uid === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`);
  if (user.uid === 0 || (user.uid === undefined && user.username === ''))
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
  if (user.uid === undefined) {
    const text = `container has runAsNonRoot and image has non-numeric user (${user.username})`;
    throw new Error(`${text}, cannot verify user is non-root ${where}`);
  }
}

function seccompOf(profile: SeccompProfile | undefined, { seccompDefault }: SecurityDefaults): SecurityProfile {
  if (!profile) return { profileType: seccompDefault ? 'RuntimeDefault' : 'Unconfined' };
  if (profile.type === 'Localhost') {
    return { profileType: 'Localhost', localhostRef: `/var/lib/kubelet/seccomp/${profile.localhostProfile ?? ''}` };
  }
  return { profileType: profile.type === 'RuntimeDefault' ? 'RuntimeDefault' : 'Unconfined' };
}
