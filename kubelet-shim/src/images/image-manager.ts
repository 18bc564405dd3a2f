import type { Environment } from '@coracle/apimachinery/component';
import type { Pod, Secret } from '@coracle/apimachinery/types/core-v1';
import { createBackOff, goDuration } from '../pods/back-off.ts';
import {
  type ImageRequest,
  type PodEvents,
  type PodImages,
  type PresentImage,
  StartProblem,
} from '../pods/pod-services.ts';
import { type ContainerRuntime, RuntimeFailure, type RuntimeImage } from '../runtime/index.ts';
import { normalizeImageName } from './image-name.ts';
import { credentialsFor } from './pull-secrets.ts';

export interface ImageManagerDependencies {
  readonly environment: Environment;
  readonly runtime: ContainerRuntime;
  readonly events: PodEvents;
  /** The pod's pull secrets that exist. */
  readonly secrets: (pod: Pod) => Promise<readonly Secret[]>;
  /** Told each time a container is about to use an image, so that what is used is not collected. */
  readonly used?: (imageId: string) => void;
}

/** Pull policy, back-off and credentials. Pulls of the same image by several pods are one pull. */
export function createImageManager(dependencies: ImageManagerDependencies): PodImages {
  const { environment, runtime, events, used } = dependencies;
  const { clock } = environment;
  const backOff = createBackOff();
  const failures = new Map<string, { at: number; message: string }>();
  const pulling = new Map<string, Promise<RuntimeImage>>();

  const pull = async (request: ImageRequest, name: string): Promise<RuntimeImage> => {
    const credentials = credentialsFor(request.image, await dependencies.secrets(request.pod));
    let failure: unknown;
    for (const one of credentials.length > 0 ? credentials : [undefined]) {
      try {
        const ref = await runtime.pullImage({ image: name }, one, request.sandbox);
        const image = await runtime.imageStatus({ image: ref });
        if (image) return image;
        throw new RuntimeFailure('NOT_FOUND', `the image ${ref} is not there after it was pulled`);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  };

  const pullShared = (request: ImageRequest, name: string): Promise<RuntimeImage> => {
    const running = pulling.get(name);
    if (running) return running;
    const started = pull(request, name).finally(() => pulling.delete(name));
    pulling.set(name, started);
    return started;
  };

  const pullWithEvents = async (request: ImageRequest, name: string): Promise<RuntimeImage> => {
    const { pod, image, container } = request;
    const key = `${pod.metadata?.uid}_${image}`;
    const failed = failures.get(key);
    if (failed && backOff.remaining(key, failed.at, clock.now()) > 0) {
      const message = `Back-off pulling image "${image}"`;
      events.normal(pod, 'BackOff', message, container);
      throw new StartProblem('ImagePullBackOff', `${message}: ErrImagePull: ${failed.message}`);
    }
    events.normal(pod, 'Pulling', `Pulling image "${image}"`, container);
    const begin = clock.monotonic();
    try {
      const present = await abortable(pullShared(request, name), request.signal);
      const took = pullDuration(clock.monotonic() - begin);
      const text = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${present.sizeBytes} bytes.`;
      events.normal(pod, 'Pulled', text, container);
      backOff.reset(key);
      failures.delete(key);
      return present;
    } catch (error) {
      request.signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      events.warning(pod, 'Failed', `Failed to pull image "${image}": ${message}`, container);
      backOff.next(key, failed?.at ?? clock.now(), clock.now());
      failures.set(key, { at: clock.now(), message });
      throw new StartProblem('ErrImagePull', message);
    }
  };

  return {
    async ensure(request) {
      const { pod, image, policy, container } = request;
      const name = parseName(request, events);
      const found = policy === 'Always' ? undefined : await inspect(runtime, request, name, events);
      if (!found && policy === 'Never') {
        const message = `Container image "${image}" is not present with pull policy of Never`;
        events.warning(pod, 'ErrImageNeverPull', message, container);
        throw new StartProblem('ErrImageNeverPull', message);
      }
      if (found) events.normal(pod, 'Pulled', `Container image "${image}" already present on machine`, container);
      try {
        const present = found ?? (await pullWithEvents(request, name));
        used?.(present.id);
        return toPresent(present);
      } catch (error) {
        if (error instanceof StartProblem) events.warning(pod, 'Failed', `Error: ${error.reason}`, container);
        throw error;
      }
    },
    forget(uid) {
      for (const key of failures.keys()) {
        if (!key.startsWith(`${uid}_`)) continue;
        failures.delete(key);
        backOff.reset(key);
      }
    },
  };
}

function toPresent({ id, uid, username }: RuntimeImage): PresentImage {
  return { ref: id, uid, username };
}

function parseName({ pod, image, container }: ImageRequest, events: PodEvents): string {
  try {
    return normalizeImageName(image);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Failed to apply default image tag "${image}": ${reason}`;
    events.warning(pod, 'InspectFailed', message, container);
    throw new StartProblem('InvalidImageName', message);
  }
}

async function inspect(
  runtime: ContainerRuntime,
  { pod, image, container }: ImageRequest,
  name: string,
  events: PodEvents,
): Promise<RuntimeImage | undefined> {
  try {
    return await runtime.imageStatus({ image: name });
  } catch (error) {
    const message = `Failed to inspect image "${image}": ${error instanceof Error ? error.message : String(error)}`;
    events.warning(pod, 'InspectFailed', message, container);
    throw new StartProblem('ImageInspectError', message);
  }
}

/** Whoever waits may leave; the pull itself goes on for the others. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

function pullDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)}ms` : goDuration(milliseconds);
}
