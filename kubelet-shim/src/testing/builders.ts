import type { Pod, PodSpec } from '@coracle/apimachinery/types/core-v1';
import { annotation, type ObservedPod } from '../pods/observed.ts';
import type { Container, ContainerState, Sandbox } from '../runtime/index.ts';

/** A pod on `node-a`; `labels` and the like through `metadata`. */
export function podOf(spec: Partial<PodSpec>, metadata: Pod['metadata'] = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', uid: 'u-1', generation: 1, ...metadata },
    spec: { nodeName: 'node-a', restartPolicy: 'Always', containers: [], ...spec },
  };
}

const states: Readonly<Record<string, ContainerState>> = {
  created: 'CONTAINER_CREATED',
  running: 'CONTAINER_RUNNING',
  exited: 'CONTAINER_EXITED',
};

/** `web exited 1`, `web running hash:old`: an instance in the sandbox of this number. */
export function container(text: string, sandbox = 0): Container {
  const [name = '', state = 'running', ...rest] = text.split(' ');
  const exitCode = Number(rest.find((word) => /^\d+$/.test(word)) ?? 0);
  const hash = rest.find((word) => word.startsWith('hash:'))?.slice('hash:'.length);
  return {
    id: `${name}-0`,
    sandboxId: `sandbox-${sandbox}`,
    name,
    attempt: 0,
    state: states[state] ?? 'CONTAINER_UNKNOWN',
    createdAt: 1000,
    startedAt: state === 'created' ? 0 : 2000,
    finishedAt: state === 'exited' ? 3000 : 0,
    exitCode,
    image: `${name}:1`,
    imageRef: `sha256:${name}`,
    imageId: `sha256:${name}`,
    reason: state === 'exited' ? (exitCode === 0 ? 'Completed' : 'Error') : '',
    message: '',
    labels: {},
    annotations: hash === undefined ? {} : { [annotation.hash]: hash },
    mounts: [],
    logPath: '',
  };
}

/** Sandboxes oldest first, as `sandbox-0`, `sandbox-1`, …; the address of each is 10.0.0.<number>. */
export function observed(sandboxes: readonly ('ready' | 'gone')[], containers: readonly Container[]): ObservedPod {
  const made = sandboxes.map(
    (state, attempt): Sandbox => ({
      id: `sandbox-${attempt}`,
      metadata: { name: 'p', namespace: 'ns', uid: 'u-1', attempt },
      state: state === 'ready' ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
      createdAt: 500 + attempt,
      labels: {},
      annotations: {},
      ips: [`10.0.0.${attempt}`],
    }),
  );
  return { sandboxes: made.reverse(), containers };
}
