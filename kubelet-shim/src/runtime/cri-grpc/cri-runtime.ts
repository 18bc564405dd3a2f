import type { Environment } from '@coracle/apimachinery/component';
import {
  type Container,
  type ContainerRuntime,
  type ExecRequest,
  type FilesystemUsage,
  RuntimeFailure,
  type RuntimeEvent,
} from '../cri.ts';
import { type Channel, openChannel } from './channel.ts';
import { mountImage, unmountImage } from './image-mounts.ts';
import { eventFilters, fromWireEvent } from './events.ts';
import {
  fromWireContainer,
  fromWireImage,
  fromWireSandbox,
  fromWireStats,
  fromWireStatus,
  toWireContainer,
} from './mapping.ts';
import { connectStreamPort, runStreamSession } from './streaming-client.ts';
import type {
  WireContainer,
  WireContainerStatus,
  WireEvent,
  WireFilesystem,
  WireImage,
  WireSandbox,
  WireStats,
} from './wire.ts';

export interface CriRuntimeOptions {
  /**
   * Path of containerd's socket. Its CRI section must have `stream_server_address` set to an address that this process
   * reaches (the node's own where containerd runs in a network namespace): exec, attach and port-forward go there.
   */
  readonly socket: string;
}

/** A stop may take the grace period and then some for the runtime's own clean-up. */
const stopMarginMs = 120_000;
const execMarginMs = 10_000;

/** Containers through containerd: CRI v1 over its socket, and its own event stream for changes. */
export function createCriRuntime(environment: Environment, options: CriRuntimeOptions): ContainerRuntime {
  return criRuntimeOver(openChannel(options.socket, environment.clock), options.socket);
}

function criRuntimeOver(channel: Channel, socket: string): ContainerRuntime {
  // CRI's ContainerStatus does not name the sandbox.
  const sandboxOf = new Map<string, string>();
  let sandboxImage: string | undefined;

  const remember = (container: Container): Container => {
    sandboxOf.set(container.id, container.sandboxId);
    return container;
  };

  return {
    kind: 'cri',
    async version() {
      const answer = await channel.call<{ runtimeName: string; runtimeVersion: string }>('RuntimeService/Version', {});
      return { name: answer.runtimeName, version: answer.runtimeVersion.replace(/^v|~.*$/g, '') };
    },

    async runSandbox(config) {
      const answer = await channel.call<{ podSandboxId: string }>('RuntimeService/RunPodSandbox', {
        config,
        runtimeHandler: config.runtimeHandler ?? '',
      });
      return answer.podSandboxId;
    },
    async stopSandbox(podSandboxId) {
      await ignoreNotFound(channel.call('RuntimeService/StopPodSandbox', { podSandboxId }));
    },
    async removeSandbox(podSandboxId) {
      await ignoreNotFound(channel.call('RuntimeService/RemovePodSandbox', { podSandboxId }));
    },
    async sandboxStatus(podSandboxId) {
      const answer = await ignoreNotFound(
        channel.call<{ status: WireSandbox }>('RuntimeService/PodSandboxStatus', { podSandboxId }),
      );
      return answer && fromWireSandbox(answer.status);
    },
    async listSandboxes() {
      const { items } = await channel.call<{ items: WireSandbox[] }>('RuntimeService/ListPodSandbox', {});
      return items.map(fromWireSandbox);
    },

    async createContainer(podSandboxId, config, sandboxConfig) {
      const { containerId } = await channel.call<{ containerId: string }>('RuntimeService/CreateContainer', {
        podSandboxId,
        config: toWireContainer(config),
        sandboxConfig,
      });
      sandboxOf.set(containerId, podSandboxId);
      return containerId;
    },
    async startContainer(containerId) {
      await channel.call('RuntimeService/StartContainer', { containerId });
    },
    async stopContainer(containerId, gracePeriodSeconds) {
      const request = { containerId, timeout: gracePeriodSeconds };
      const timeoutMs = gracePeriodSeconds * 1000 + stopMarginMs;
      await ignoreNotFound(channel.call('RuntimeService/StopContainer', request, timeoutMs));
    },
    async removeContainer(containerId) {
      sandboxOf.delete(containerId);
      await ignoreNotFound(channel.call('RuntimeService/RemoveContainer', { containerId }));
    },
    async containerStatus(containerId) {
      const answer = await ignoreNotFound(
        channel.call<{ status: WireContainerStatus }>('RuntimeService/ContainerStatus', { containerId }),
      );
      return answer && fromWireStatus(answer.status, sandboxOf.get(containerId) ?? '');
    },
    async listContainers() {
      const { containers } = await channel.call<{ containers: WireContainer[] }>('RuntimeService/ListContainers', {});
      return containers.map((wire) => remember(fromWireContainer(wire)));
    },
    async updateContainerResources(containerId, linux) {
      await channel.call('RuntimeService/UpdateContainerResources', { containerId, linux });
    },
    async reopenContainerLog(containerId) {
      await channel.call('RuntimeService/ReopenContainerLog', { containerId });
    },

    async execSync(containerId, command, timeoutSeconds) {
      const request = { containerId, cmd: command, timeout: timeoutSeconds };
      const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 + execMarginMs : 0;
      return channel.call('RuntimeService/ExecSync', request, timeoutMs);
    },
    async exec(containerId, request) {
      const body = { containerId, cmd: request.command, ...sessionFlags(request) };
      const { url } = await channel.call<{ url: string }>('RuntimeService/Exec', body);
      return (streams, signal) => runStreamSession(url, request, streams, signal);
    },
    async attach(containerId, request) {
      const body = { containerId, ...sessionFlags(request) };
      const { url } = await channel.call<{ url: string }>('RuntimeService/Attach', body);
      return (streams, signal) => runStreamSession(url, request, streams, signal);
    },
    async connectPort(podSandboxId, port, signal) {
      const body = { podSandboxId, port: [port] };
      const { url } = await channel.call<{ url: string }>('RuntimeService/PortForward', body, undefined, signal);
      return connectStreamPort(url, port, signal);
    },

    async containerStats() {
      const { stats } = await channel.call<{ stats: WireStats[] }>('RuntimeService/ListContainerStats', {});
      return stats.map(fromWireStats);
    },
    async pullImage(image, credentials, sandbox) {
      const request = {
        image,
        ...(credentials && { auth: credentials }),
        ...(sandbox && { sandboxConfig: sandbox }),
      };
      const { imageRef } = await channel.call<{ imageRef: string }>('ImageService/PullImage', request, 0);
      return imageRef;
    },
    async imageStatus(image) {
      const answer = await channel.call<{ image: WireImage | null }>('ImageService/ImageStatus', { image });
      return answer.image ? fromWireImage(answer.image) : undefined;
    },
    async listImages() {
      const { images } = await channel.call<{ images: WireImage[] }>('ImageService/ListImages', {});
      sandboxImage ??= await findSandboxImage(channel);
      // Newer runtimes pin it themselves.
      const isNeeded = ({ repoTags }: WireImage) => repoTags.includes(sandboxImage ?? '');
      return images.map((wire) => fromWireImage({ ...wire, pinned: wire.pinned || isNeeded(wire) }));
    },
    async removeImage(imageId) {
      await ignoreNotFound(channel.call('ImageService/RemoveImage', { image: { image: imageId } }));
    },
    mountImage: (imageRef, target) => mountImage(socket, imageRef, target),
    unmountImage: (target) => unmountImage(socket, target),
    imageFilesystem: () => imageFilesystem(channel),

    events: (signal) => events(channel, signal),
    async close() {
      channel.close();
    },
  };
}

async function* events(channel: Channel, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
  const wire = channel.subscribe<WireEvent>('Events/Subscribe', { filters: eventFilters }, signal);
  for await (const message of wire) {
    const event = fromWireEvent(message);
    if (event) yield event;
  }
  if (!signal.aborted) throw new RuntimeFailure('UNAVAILABLE', 'the event stream ended');
}

/** The name of the image that every sandbox is made of; empty where the runtime does not tell. */
async function findSandboxImage(channel: Channel): Promise<string> {
  const { info } = await channel.call<{ info: Record<string, string> }>('RuntimeService/Status', { verbose: true });
  const config = JSON.parse(info['config'] ?? '{}') as { sandboxImage?: string };
  return config.sandboxImage ?? '';
}

async function imageFilesystem(channel: Channel): Promise<FilesystemUsage | undefined> {
  const answer = await channel.call<{ imageFilesystems: WireFilesystem[] }>('ImageService/ImageFsInfo', {});
  const [first] = answer.imageFilesystems;
  return (
    first && {
      mountpoint: first.fsId?.mountpoint ?? '',
      usedBytes: first.usedBytes?.value ?? 0,
      inodesUsed: first.inodesUsed?.value ?? 0,
    }
  );
}

function sessionFlags({ tty, stdin, stdout, stderr }: Omit<ExecRequest, 'command'>): object {
  return { tty, stdin, stdout, stderr };
}

async function ignoreNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RuntimeFailure && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
