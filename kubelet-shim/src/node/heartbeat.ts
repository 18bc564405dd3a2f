import type { Running } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { Leases } from '@coracle/apimachinery/resources';
import type { Environment } from '@coracle/apimachinery/component';
import type { Lease } from '@coracle/apimachinery/types/coordination-v1';
import type { Client } from '@coracle/client/rest';
import type { NodeRegistration } from './node-registration.ts';

export interface HeartbeatOptions {
  readonly nodeName: string;
  readonly nodeUid: string;
}

const namespace = 'kube-node-lease';
const leaseDurationSeconds = 40;
const renewMs = 10_000;
/** The full status is written this often even when it says nothing new (nodeStatusReportFrequency). */
const statusMs = 300_000;

/** Renews the node's lease every ten seconds; with every beat the status is written if it has news. */
export function startHeartbeat(
  dependencies: { readonly client: Client; readonly environment: Environment; readonly registration: NodeRegistration },
  { nodeName, nodeUid }: HeartbeatOptions,
): Running {
  const { client, environment, registration } = dependencies;
  const { clock, log, random } = environment;
  const stopping = new AbortController();
  const { signal } = stopping;
  let statusAt = clock.monotonic();

  const spec = () => ({
    holderIdentity: nodeName,
    leaseDurationSeconds,
    renewTime: `${new Date(clock.now()).toISOString().slice(0, -1)}000Z`,
  });

  const renew = async (): Promise<void> => {
    try {
      const body = { spec: spec() };
      await client.patch(Leases, { namespace, name: nodeName }, { type: 'merge', body }, { signal });
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: nodeName,
          namespace,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid }],
        },
        spec: spec(),
      };
      await client.create(Leases, lease, { signal });
    }
  };

  const beat = async (): Promise<void> => {
    await renew().catch((error: unknown) => {
      if (!signal.aborted) log.warn('the node lease was not renewed', { node: nodeName, error: String(error) });
    });
    const isDue = clock.monotonic() - statusAt >= statusMs;
    await registration
      .update(isDue)
      .then(() => {
        if (isDue) statusAt = clock.monotonic();
      })
      .catch((error: unknown) => {
        if (!signal.aborted) log.warn('the node status was not written', { node: nodeName, error: String(error) });
      });
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await beat();
      // Nodes that were started together do not beat together.
      await clock.sleep(renewMs * (0.96 + 0.08 * random.next()), signal).catch(() => {});
    }
  };
  const running = loop();

  return {
    async stop() {
      stopping.abort(new Error('the node agent stops'));
      await running;
    },
  };
}
