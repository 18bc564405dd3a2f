import type { Environment } from '@coracle/apimachinery/component';
import { isStatus } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import { Nodes } from '@coracle/apimachinery/resources';
import type { ContainerImage, Node, NodeStatus, NodeSystemInfo } from '@coracle/apimachinery/types/core-v1';
import type { PressureCondition } from '../eviction/index.ts';
import type { Client } from '@coracle/client/rest';
import { toTime } from '../pods/time.ts';
import { newNode, nodeStatus, standardLabels } from './node-object.ts';
import type { NodeAgentOptions } from './options.ts';

export interface NodeRegistrationDependencies {
  readonly client: Client;
  readonly environment: Environment;
  readonly info: NodeSystemInfo;
  /** The largest images of the node, for the scheduler's locality score. */
  readonly images: () => Promise<readonly ContainerImage[]>;
  /** Why the node cannot run pods now; undefined where it can. */
  readonly problem: () => string | undefined;
  readonly pressure: () => ReadonlySet<PressureCondition>;
}

/** Writes what only the agent knows into the Node. Others' labels, taints and extended resources stay. */
export interface NodeRegistration {
  register(): Promise<Node>;
  /** Writes the status if it says something new, or if `force` asks for a sign of life. */
  update(force: boolean): Promise<void>;
}

const retryMs = 1000;
const retryMaxMs = 7000;

export function createNodeRegistration(
  { client, environment, info, images, problem, pressure }: NodeRegistrationDependencies,
  options: NodeAgentOptions,
  signal: AbortSignal,
): NodeRegistration {
  const { clock, log } = environment;
  const key = { name: options.nodeName };
  let written: NodeStatus | undefined;

  const compute = async (previous: NodeStatus | undefined): Promise<NodeStatus> =>
    nodeStatus({
      options,
      info,
      images: await images(),
      previous: previous?.conditions ?? [],
      problem: problem(),
      pressure: pressure(),
      now: toTime(clock.now()),
    });

  const create = async (): Promise<Node> => {
    const status = await compute(undefined);
    try {
      const node = await client.create(Nodes, newNode(options, status), { signal });
      written = status;
      return node;
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
      return takeOver();
    }
  };

  /** The node was registered by an agent before this one. */
  const takeOver = async (): Promise<Node> => {
    const { providerID, labels = {}, annotations = {} } = options;
    const body = {
      metadata: { labels: { ...standardLabels(options), ...labels }, annotations },
      spec: { ...(providerID !== undefined && { providerID }) },
    };
    const node = await client.patch(Nodes, key, { type: 'strategic', body }, { signal });
    const status = await compute(node.status);
    await client.patch(Nodes, key, { type: 'strategic', body: { status } }, { subresource: 'status', signal });
    written = status;
    return node;
  };

  return {
    async register() {
      for (let delay = retryMs; ; delay = Math.min(delay * 2, retryMaxMs)) {
        try {
          return await create();
        } catch (error) {
          signal.throwIfAborted();
          log.warn('the node could not be registered yet', { node: options.nodeName, error: String(error) });
          await clock.sleep(delay, signal);
        }
      }
    },
    async update(force) {
      const status = await compute(written);
      const isNews = !deepEqual(withoutTimes(status), withoutTimes(written ?? {}));
      if (!isNews && !force) return;
      await client.patch(Nodes, key, { type: 'strategic', body: { status } }, { subresource: 'status', signal });
      written = status;
    },
  };
}

function withoutTimes(status: NodeStatus): object {
  return {
    ...status,
    conditions: (status.conditions ?? []).map(({ type, status: value, reason }) => [type, value, reason]),
  };
}
