import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timer } from '@coracle/apimachinery/clock';
import type { Environment } from '@coracle/apimachinery/component';
import { ConfigMaps, Secrets } from '@coracle/apimachinery/resources';
import type {
  EmptyDirVolumeSource,
  ImageVolumeSource,
  PersistentVolume,
  Pod,
  Volume,
} from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import type { NodeAgentOptions } from '../node/options.ts';
import type { Holder, References } from '../node/references.ts';
import { podDirectory } from '../pods/pod-files.ts';
import { type PodImages, type PodVolumes, StartProblem } from '../pods/pod-services.ts';
import type { PodConfigsDependencies } from '../pods/pod-configs.ts';
import { quantityValue } from '@coracle/apimachinery/quantity';
import { type Payload, writeAtomically } from './atomic-writer.ts';
import { boundVolume } from './claims.ts';
import { containerMounts, type ReadyVolume } from './container-mounts.ts';
import { ensureMountable, prepareHostPath } from './host-path.ts';
import { mount, unmountBelow } from './mounts.ts';
import { commonUser, giveToGroup } from './ownership.ts';
import { configMapPayload, downwardPayload, type PayloadSources, projectedPayload, secretPayload } from './payloads.ts';
import { createPodCertificates } from './pod-certificates.ts';
import { createServiceAccountTokens } from './service-account-tokens.ts';
import { createTrustBundles } from './trust-bundles.ts';

export interface VolumeManager {
  /** The volumes of one pod; made once a pod. */
  readonly of: (pod: Pod) => PodVolumes;
  readonly containerMounts: PodConfigsDependencies['volumeMounts'];
}

export interface VolumeManagerDependencies {
  readonly environment: Environment;
  readonly client: Client;
  readonly references: References;
  readonly options: NodeAgentOptions;
  readonly holder: (pod: Pod) => Holder;
  readonly onChange: (pod: Pod, callback: () => void) => void;
  /** For image volumes. */
  readonly images: () => PodImages;
}

interface PodState {
  readonly ready: Map<string, ReadyVolume>;
  /** What was written last, so that nothing is written twice. */
  readonly written: Map<string, Payload>;
  /** Folders where images are mounted. */
  readonly images: Set<string>;
  refresh: Timer | undefined;
  /** Milliseconds since 1970; 0 = nothing is planned. */
  refreshAt: number;
  changed: () => void;
}

const folderOf = {
  configMap: 'configmap',
  secret: 'secret',
  downwardAPI: 'downward-api',
  projected: 'projected',
  emptyDir: 'empty-dir',
  nfs: 'nfs',
  image: 'image',
} as const;
const writableFolderMode = 0o777;
const defaultMode = 0o644;
const refreshMinMs = 1000;

function volumePath(rootDirectory: string, uid: string, volume: string, kind: keyof typeof folderOf): string {
  return join(podDirectory(rootDirectory, uid), 'volumes', `kubernetes.io~${folderOf[kind]}`, volume);
}

/** Where a pod's emptyDir is, on disk or in memory. */
export function emptyDirPath(rootDirectory: string, uid: string, volume: string): string {
  return volumePath(rootDirectory, uid, volume, 'emptyDir');
}

export function createVolumeManager(dependencies: VolumeManagerDependencies): VolumeManager {
  const { environment, client, references, options, holder } = dependencies;
  const { clock } = environment;
  const states = new Map<string, PodState>();
  const tokens = createServiceAccountTokens(client, environment);
  const bundles = createTrustBundles(client);
  const certificates = createPodCertificates(client, environment, options.nodeName);

  const stateOf = (pod: Pod): PodState => {
    const uid = pod.metadata?.uid ?? '';
    const state = states.get(uid) ?? {
      ready: new Map(),
      written: new Map(),
      images: new Set(),
      refresh: undefined,
      refreshAt: 0,
      changed: () => {},
    };
    states.set(uid, state);
    return state;
  };

  const pathOf = (pod: Pod, volume: string, kind: keyof typeof folderOf): string =>
    volumePath(options.rootDirectory, pod.metadata?.uid ?? '', volume, kind);

  /** The earliest of a pod's credentials decides when all are looked at again. */
  const refreshBy = (state: PodState, at: number): void => {
    const now = clock.now();
    if (state.refreshAt > now && state.refreshAt <= at) return;
    state.refresh?.cancel();
    state.refreshAt = at;
    state.refresh = clock.after(Math.max(refreshMinMs, at - now), () => state.changed());
  };

  const sourcesOf = (pod: Pod, state: PodState): PayloadSources => ({
    pod,
    configMap: (name) => references.get(holder(pod), ConfigMaps, name),
    secret: (name) => references.get(holder(pod), Secrets, name),
    async token(projection) {
      const { token, refreshAt } = await tokens.get(pod, projection);
      refreshBy(state, refreshAt);
      return token;
    },
    async certificate(projection, place) {
      const credentials = await certificates.get(pod, place, projection, () => state.changed());
      refreshBy(state, credentials.refreshAt);
      return credentials;
    },
    trustBundle: (source) => bundles.anchors(source),
    allocatable: options.allocatable,
    fsUser: commonUser(pod),
    fsGroup: pod.spec?.securityContext?.fsGroup,
  });

  const write = async (pod: Pod, state: PodState, volume: Volume, kind: keyof typeof folderOf, payload: Payload) => {
    const folder = pathOf(pod, volume.name, kind);
    if (!samePayload(state.written.get(volume.name), payload)) {
      await mkdir(folder, { recursive: true });
      await chmod(folder, writableFolderMode);
      await writeAtomically(environment, folder, payload, { group: pod.spec?.securityContext?.fsGroup });
      state.written.set(volume.name, payload);
    }
    return { path: folder, readOnly: true };
  };

  const prepareImage = async (
    pod: Pod,
    name: string,
    source: ImageVolumeSource,
    signal: AbortSignal,
  ): Promise<ReadyVolume> => {
    const { reference = '', pullPolicy = 'IfNotPresent' } = source;
    const { ref } = await dependencies.images().ensure({ pod, image: reference, policy: pullPolicy, signal });
    const path = pathOf(pod, name, 'image');
    await mkdir(path, { recursive: true });
    // What an agent before this one has mounted there goes first.
    await options.runtime.unmountImage(path);
    await options.runtime.mountImage(ref, path);
    stateOf(pod).images.add(path);
    return { path, readOnly: true };
  };

  const prepare = async (pod: Pod, state: PodState, volume: Volume, signal: AbortSignal): Promise<ReadyVolume> => {
    const sources = sourcesOf(pod, state);
    const { configMap, secret, projected, downwardAPI, emptyDir, hostPath, persistentVolumeClaim, ephemeral } = volume;
    if (configMap) return write(pod, state, volume, 'configMap', await configMapPayload(configMap, sources));
    if (secret) {
      const payload = await secretPayload({ ...secret, name: secret.secretName ?? '' }, sources);
      return write(pod, state, volume, 'secret', payload);
    }
    if (projected)
      return write(pod, state, volume, 'projected', await projectedPayload(projected, sources, volume.name));
    if (downwardAPI) {
      const payload = downwardPayload(downwardAPI.items ?? [], downwardAPI.defaultMode ?? defaultMode, sources);
      return write(pod, state, volume, 'downwardAPI', payload);
    }
    const present = state.ready.get(volume.name);
    if (present) return present;
    if (volume.image) return prepareImage(pod, volume.name, volume.image, signal);
    if (emptyDir) return prepareEmptyDir(pod, pathOf(pod, volume.name, 'emptyDir'), emptyDir);
    if (hostPath) return { path: await prepareMountable(await prepareHostPath(hostPath)), readOnly: false };
    const nfs = volume.nfs && {
      path: volume.nfs.path,
      server: volume.nfs.server,
      readOnly: volume.nfs.readOnly ?? false,
    };
    if (nfs) return mountNfs(pathOf(pod, volume.name, 'nfs'), nfs);
    const claimName = persistentVolumeClaim?.claimName ?? (ephemeral && `${pod.metadata?.name}-${volume.name}`);
    if (claimName === undefined) throw new Error(`no volume plugin matched name: ${Object.keys(volume).join(' ')}`);
    const bound = await boundVolume(client, pod, claimName);
    const made = await preparePersistent(pod, bound, pathOf(pod, volume.name, 'nfs'));
    return { ...made, readOnly: made.readOnly || (persistentVolumeClaim?.readOnly ?? false) };
  };

  return {
    containerMounts: (pod, spec, variables) =>
      containerMounts(pod, spec, variables, (name) => stateOf(pod).ready.get(name)),
    of(pod) {
      const state = stateOf(pod);
      const uid = pod.metadata?.uid ?? '';
      return {
        onChange(callback) {
          state.changed = callback;
          dependencies.onChange(pod, callback);
        },
        async mount(latest, signal) {
          for (const volume of latest.spec?.volumes ?? []) {
            signal.throwIfAborted();
            try {
              state.ready.set(volume.name, await prepare(latest, state, volume, signal));
            } catch (error) {
              const text = error instanceof Error ? error.message : String(error);
              throw new StartProblem('FailedMount', `MountVolume.SetUp failed for volume "${volume.name}" : ${text}`);
            }
          }
        },
        async unmount() {
          state.refresh?.cancel();
          const folder = join(podDirectory(options.rootDirectory, uid), 'volumes');
          for (const path of state.images) await options.runtime.unmountImage(path);
          await unmountBelow(folder);
          await rm(folder, { recursive: true, force: true });
          states.delete(uid);
          tokens.forget(uid);
          certificates.forget(uid);
        },
      };
    },
  };
}

async function prepareEmptyDir(
  pod: Pod,
  path: string,
  { medium, sizeLimit, mode }: EmptyDirVolumeSource,
): Promise<ReadyVolume> {
  const exists = await readdir(path).then(
    () => true,
    () => false,
  );
  if (exists) return { path, readOnly: false };
  await mkdir(path, { recursive: true });
  if (medium === 'Memory') {
    const limit = sizeLimit === undefined ? [] : [`size=${quantityValue(sizeLimit)}`];
    await mount('tmpfs', 'tmpfs', path, limit);
  }
  await chmod(path, mode ?? writableFolderMode);
  await giveToGroup(path, pod);
  return { path, readOnly: false };
}

async function prepareMountable(path: string): Promise<string> {
  await ensureMountable(path);
  return path;
}

async function mountNfs(
  target: string,
  { server, path, readOnly }: { readonly server: string; readonly path: string; readonly readOnly: boolean },
): Promise<ReadyVolume> {
  await mkdir(target, { recursive: true });
  await mount('nfs', `${server}:${path}`, target, readOnly ? ['ro'] : []);
  return { path: target, readOnly };
}

async function preparePersistent(
  pod: Pod,
  { metadata, spec = {} }: PersistentVolume,
  target: string,
): Promise<ReadyVolume> {
  if (spec.hostPath) {
    const path = await prepareMountable(await prepareHostPath(spec.hostPath));
    return { path, readOnly: false };
  }
  if (spec.local) {
    await giveToGroup(spec.local.path, pod);
    return { path: spec.local.path, readOnly: false };
  }
  if (spec.nfs) {
    const ready = await mountNfs(target, { ...spec.nfs, readOnly: spec.nfs.readOnly ?? false });
    return ready;
  }
  throw new Error(`the volume ${metadata?.name} is of a kind that this node cannot mount: use hostPath, local or nfs`);
}

function samePayload(a: Payload | undefined, b: Payload): boolean {
  if (!a || a.size !== b.size) return false;
  for (const [path, file] of b) {
    const other = a.get(path);
    if (!other || other.mode !== file.mode || other.user !== file.user) return false;
    if (Buffer.compare(other.data, file.data) !== 0) return false;
  }
  return true;
}
