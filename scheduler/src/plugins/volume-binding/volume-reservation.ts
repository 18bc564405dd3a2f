import { PersistentVolumeClaims, PersistentVolumes } from '@coracle/apimachinery/resources';
import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { NodeInfo } from '../../cache/node-info.ts';
import type { PodInfo } from '../../cache/pod-info.ts';
import type { Cluster } from '../../framework/cluster.ts';
import type { Reservation } from '../../framework/plugin.ts';
import { isFullyBound } from '../../framework/pod-claims.ts';
import { SchedulingError } from '../../framework/status.ts';
import { isBoundTo, isUsableOn } from './match-volume.ts';
import { selectedNodeAnnotation, type VolumePlan, type Volumes } from './volumes.ts';

/** How long a volume may take to be made and bound (VolumeBindingArgs.bindTimeoutSeconds). */
const bindTimeoutMs = 600_000;
const boundByController = 'pv.kubernetes.io/bound-by-controller';

interface Bound {
  readonly claim: PersistentVolumeClaim;
  volume: PersistentVolume;
}

/**
 * The volumes that a pod will have on its node: other pods see them as taken from now on. Before the pod is bound the claims
 * are written, and waited for until the volume controllers have done their part.
 */
export class VolumeReservation implements Reservation {
  readonly plugin = 'VolumeBinding';
  readonly #cluster: Cluster;
  readonly #volumes: Volumes;
  readonly #pod: PodInfo;
  readonly #node: NodeInfo;
  readonly #bindings: readonly Bound[];
  #provisions: readonly PersistentVolumeClaim[];

  constructor(cluster: Cluster, volumes: Volumes, pod: PodInfo, node: NodeInfo, plan: VolumePlan) {
    this.#cluster = cluster;
    this.#volumes = volumes;
    this.#pod = pod;
    this.#node = node;
    this.#bindings = plan.bindings.map(({ claim, volume }) => ({ claim, volume: boundTo(volume, claim) }));
    this.#provisions = plan.provisions.map(({ claim }) => selectNode(claim, node.name));
    for (const { volume } of this.#bindings) volumes.volumes.assume(volume);
    for (const claim of this.#provisions) volumes.claims.assume(claim);
  }

  release(): void {
    for (const { volume } of this.#bindings) this.#volumes.volumes.restore(volume);
    for (const claim of this.#provisions) this.#volumes.claims.restore(claim);
  }

  async preBind(signal: AbortSignal): Promise<void> {
    const { client } = this.#cluster;
    for (const binding of this.#bindings) {
      binding.volume = await client.update(PersistentVolumes, binding.volume, { signal });
    }
    const written: PersistentVolumeClaim[] = [];
    for (const claim of this.#provisions) written.push(await client.update(PersistentVolumeClaims, claim, { signal }));
    this.#provisions = written;
    await this.#untilBound(signal);
  }

  #untilBound(signal: AbortSignal): Promise<void> {
    const { volumeChanges, environment } = this.#cluster;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        stopListening();
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const look = () => {
        try {
          if (this.#isBound()) finish(resolve);
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const onAbort = () => finish(() => reject(signal.reason));
      const timer = environment.clock.after(bindTimeoutMs, () =>
        finish(() => reject(new SchedulingError('binding volumes: context deadline exceeded'))),
      );
      const stopListening = volumeChanges.add(look);
      signal.addEventListener('abort', onAbort, { once: true });
      look();
    });
  }

  /** Throws where it will never be. */
  #isBound(): boolean {
    const { listers, cache } = this.#cluster;
    const { name, namespace } = this.#pod;
    if (!listers.pods.get(name, namespace)) throw new SchedulingError('pod does not exist any more');
    if (!cache.node(this.#node.name)) throw new SchedulingError(`failed to get node "${this.#node.name}"`);
    return (
      this.#bindings.every((binding) => this.#isVolumeBound(binding)) &&
      this.#provisions.every((claim) => this.#isProvisioned(claim))
    );
  }

  #isVolumeBound({ claim, volume }: Bound): boolean {
    const known = this.#volumes.volumes.known(volume.metadata?.name ?? '');
    const knownClaim = this.#claim(claim);
    if (!known) throw new SchedulingError(`failed to check binding: could not find volume "${volume.metadata?.name}"`);
    if (this.#volumes.volumes.get(volume.metadata?.name ?? '') !== known) return false;
    this.#checkAffinity(known);
    if (!known.spec?.claimRef?.uid) throw new SchedulingError(`ClaimRef got reset for pv "${known.metadata?.name}"`);
    return isFullyBound(knownClaim);
  }

  #isProvisioned(claim: PersistentVolumeClaim): boolean {
    const known = this.#claim(claim);
    if (this.#volumes.claims.get(claim.metadata?.name ?? '', claim.metadata?.namespace) !== known) return false;
    const selected = known.metadata?.annotations?.[selectedNodeAnnotation];
    if (selected === undefined)
      throw new SchedulingError(`selectedNode annotation reset for PVC "${known.metadata?.name}"`);
    if (selected !== this.#node.name)
      throw new SchedulingError(`provisioning failed for PVC "${known.metadata?.name}"`);
    if (known.spec?.volumeName) {
      const volume = this.#volumes.volumes.known(known.spec.volumeName);
      if (!volume) return false;
      this.#checkAffinity(volume);
    }
    return isFullyBound(known);
  }

  #claim({ metadata }: PersistentVolumeClaim): PersistentVolumeClaim {
    const claim = this.#volumes.claims.known(metadata?.name ?? '', metadata?.namespace);
    if (!claim) throw new SchedulingError(`failed to check binding: could not find claim "${metadata?.name}"`);
    return claim;
  }

  #checkAffinity(volume: PersistentVolume): void {
    if (isUsableOn(volume, this.#node)) return;
    throw new SchedulingError(`pv "${volume.metadata?.name}" node affinity doesn't match node "${this.#node.name}"`);
  }
}

function boundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { name, namespace, uid, resourceVersion } = claim.metadata ?? {};
  const annotations = isBoundTo(volume, claim)
    ? volume.metadata?.annotations
    : { ...volume.metadata?.annotations, [boundByController]: 'yes' };
  const reference = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name, namespace, uid, resourceVersion };
  const claimRef = Object.fromEntries(Object.entries(reference).filter(([, value]) => value !== undefined));
  return {
    ...volume,
    metadata: { ...volume.metadata, ...(annotations ? { annotations } : {}) },
    spec: { ...volume.spec, claimRef },
  };
}

function selectNode(claim: PersistentVolumeClaim, nodeName: string): PersistentVolumeClaim {
  const annotations = { ...claim.metadata?.annotations, [selectedNodeAnnotation]: nodeName };
  return { ...claim, metadata: { ...claim.metadata, annotations } };
}
