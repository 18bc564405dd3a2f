import type { Container as ContainerSpec, Pod } from '@coracle/apimachinery/types/core-v1';
import { RuntimeFailure, type SandboxConfig } from '../runtime/index.ts';
import { type BackOff, goDuration } from './back-off.ts';
import { isExited, latest, type ObservedPod, podLabel } from './observed.ts';
import type { ContainerToStart } from './plan.ts';
import type { PodObserver } from './pod-observer.ts';
import { type PodServices, type PresentImage, StartProblem } from './pod-services.ts';
import { stopContainer } from './stop-containers.ts';

export interface StartRequest extends ContainerToStart {
  readonly pod: Pod;
  readonly sandboxId: string;
  readonly sandbox: SandboxConfig;
  readonly podIPs: readonly string[];
  /** What the API says of earlier runs that the runtime may have forgotten. */
  readonly knownRestarts: number;
  readonly observer: PodObserver;
  readonly backOff: BackOff;
  readonly signal: AbortSignal;
  /** The container runs: the status can say so while its hook is still at work. */
  readonly onStarted: () => Promise<void>;
}

/** Image, configuration, create, start, postStart: one step after the other. Throws StartProblem. */
export async function startContainer(services: PodServices, request: StartRequest): Promise<void> {
  const { pod, spec, kind, observer, signal } = request;
  const who = { kind, name: spec.name };
  const warn = (reason: string, message: string) => services.events.warning(pod, reason, message, who);
  checkBackOff(services, request);
  const image = await services.images.ensure({
    pod,
    container: who,
    image: spec.image ?? '',
    policy: spec.imagePullPolicy ?? 'IfNotPresent',
    sandbox: request.sandbox,
    signal,
  });
  signal.throwIfAborted();
  const id = await create(services, request, image).catch((error: unknown) => {
    const problem = toProblem(error, 'CreateContainerError');
    warn('Failed', `Error: ${problem.message}`);
    throw problem;
  });
  services.events.normal(pod, 'Created', 'Container created', who);
  await services.runtime.startContainer(id).catch((error: unknown) => {
    const problem = toProblem(error, 'RunContainerError');
    warn('Failed', `Error: ${problem.message}`);
    observer.note({ kind: 'other', id });
    throw problem;
  });
  services.events.normal(pod, 'Started', 'Container started', who);
  observer.note({ kind: 'started', id });
  await request.onStarted();
  await runPostStart(services, request, id);
}

async function create(services: PodServices, request: StartRequest, image: PresentImage): Promise<string> {
  const { pod, spec, kind, podIPs, observer, sandboxId, sandbox } = request;
  const newest = latest(observer.observed, spec.name);
  const attempt = newest ? newest.attempt + 1 : request.knownRestarts;
  const targetContainerId = targetOf(spec, observer.observed);
  const config = await services.configs.container({
    pod,
    kind,
    spec,
    attempt,
    image,
    podIPs,
    ...(targetContainerId !== undefined && { targetContainerId }),
  });
  const id = await services.runtime.createContainer(sandboxId, config, sandbox);
  observer.addContainer(id);
  return id;
}

function targetOf(spec: ContainerSpec & { targetContainerName?: string }, observed: ObservedPod): string | undefined {
  return spec.targetContainerName ? latest(observed, spec.targetContainerName)?.id : undefined;
}

function checkBackOff(services: PodServices, { pod, spec, kind, observer, backOff }: StartRequest): void {
  const ended = observer.observed.containers.find((one) => one.name === spec.name && isExited(one));
  if (!ended) return;
  const now = services.environment.clock.now();
  if (backOff.remaining(spec.name, ended.finishedAt, now) > 0) {
    const text = `Back-off restarting failed container ${spec.name} in pod ${podLabel(pod)}`;
    services.events.warning(pod, 'BackOff', text, { kind, name: spec.name });
    const delay = goDuration(backOff.delay(spec.name));
    throw new StartProblem(
      'CrashLoopBackOff',
      `back-off ${delay} restarting failed container=${spec.name} pod=${podLabel(pod)}`,
    );
  }
  backOff.next(spec.name, ended.finishedAt, now);
}

async function runPostStart(services: PodServices, request: StartRequest, id: string): Promise<void> {
  const { pod, spec, kind, podIPs, observer, signal } = request;
  if (!spec.lifecycle?.postStart) return;
  await observer.refresh();
  const container = observer.observed.containers.find((one) => one.id === id);
  if (!container) return;
  const podIP = podIPs[0] ?? '';
  try {
    await services.hooks.postStart(pod, spec, { spec, kind, container, podIP }, signal);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    services.events.warning(pod, 'FailedPostStartHook', 'PostStartHook failed', { kind, name: spec.name });
    const graceSeconds = pod.spec?.terminationGracePeriodSeconds ?? 1;
    const reason = `FailedPostStartHook: ${message}`;
    await stopContainer(services, { pod, container, spec: undefined, kind, graceSeconds, message: reason, podIP });
    throw new StartProblem('PostStartHookError', `PostStartHookError: ${message}`);
  }
}

function toProblem(error: unknown, reason: string): StartProblem {
  if (error instanceof StartProblem) return error;
  if (error instanceof RuntimeFailure) return new StartProblem(reason, error.detail);
  return new StartProblem(reason, error instanceof Error ? error.message : String(error));
}
