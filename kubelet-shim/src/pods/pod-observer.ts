import type { Clock } from '@coracle/apimachinery/clock';
import type { Container, ContainerRuntime, RuntimeEvent, Sandbox } from '../runtime/index.ts';
import { isExited, newestFirst, type ObservedPod } from './observed.ts';

/** Keeps what the runtime has of one pod. Nothing is asked again unless an event, or the agent itself, touched it. */
export interface PodObserver {
  readonly observed: ObservedPod;
  /** Something happened to a container or sandbox of this pod. */
  note(event: RuntimeEvent): void;
  /** Looks again at everything that was noted. */
  refresh(): Promise<void>;
  addSandbox(id: string): void;
  addContainer(id: string): void;
  removeContainer(id: string): void;
  removeSandbox(id: string): void;
}

export interface ObserverDependencies {
  readonly clock: Clock;
  readonly runtime: ContainerRuntime;
  readonly terminationMessage: (container: Container) => Promise<string>;
  /** Tells the node which ids belong to this pod. */
  readonly own: (id: string) => void;
  readonly disown: (id: string) => void;
  /** Called when there is something new to look at. */
  readonly changed: () => void;
}

/**
 * The event of an exit can overtake the runtime's own books by some milliseconds. Looked at again after these delays;
 * after the last one the books are believed.
 */
const settleDelaysMs = [5, 15, 50, 150, 500, 2000];

export function createPodObserver(dependencies: ObserverDependencies, initial: ObservedPod): PodObserver {
  const { clock, runtime, own, disown, changed } = dependencies;
  const sandboxes = new Map<string, Sandbox>(initial.sandboxes.map((sandbox) => [sandbox.id, sandbox]));
  const containers = new Map<string, Container>(initial.containers.map((container) => [container.id, container]));
  const dirty = new Set<string>([...sandboxes.keys(), ...containers.keys()]);
  const exiting = new Map<string, number>();
  let observed = newestFirst(initial);
  for (const id of dirty) own(id);

  const rebuild = () => {
    observed = newestFirst({ sandboxes: [...sandboxes.values()], containers: [...containers.values()] });
  };

  const inspectSandbox = async (id: string): Promise<void> => {
    const sandbox = await runtime.sandboxStatus(id);
    if (sandbox) sandboxes.set(id, sandbox);
    else forget(sandboxes, id);
  };

  const inspectContainer = async (id: string): Promise<void> => {
    const before = containers.get(id);
    const found = await runtime.containerStatus(id);
    if (!found) return forget(containers, id);
    if (isExited(found) || !exiting.has(id) || !lookAgain(id)) exiting.delete(id);
    const sandboxId = found.sandboxId || before?.sandboxId || '';
    const message = isExited(found) ? await dependencies.terminationMessage(found) : found.message;
    containers.set(id, { ...found, sandboxId, message });
  };

  /** False where it has been looked at often enough. */
  const lookAgain = (id: string): boolean => {
    const attempt = exiting.get(id) ?? 0;
    const delay = settleDelaysMs[attempt];
    if (delay === undefined) return false;
    exiting.set(id, attempt + 1);
    clock.after(delay, () => {
      dirty.add(id);
      changed();
    });
    return true;
  };

  const forget = (things: Map<string, unknown>, id: string): void => {
    things.delete(id);
    exiting.delete(id);
    disown(id);
  };

  return {
    get observed() {
      return observed;
    },
    note({ kind, id }) {
      if (kind === 'exited' && !sandboxes.has(id) && !isExited(containers.get(id))) exiting.set(id, 0);
      if (kind === 'deleted' && !containers.has(id) && !sandboxes.has(id)) return;
      dirty.add(id);
      changed();
    },
    async refresh() {
      while (dirty.size > 0) {
        const ids = [...dirty];
        dirty.clear();
        await Promise.all(ids.map((id) => (sandboxes.has(id) ? inspectSandbox(id) : inspectContainer(id))));
      }
      rebuild();
    },
    addSandbox(id) {
      sandboxes.set(id, placeholderSandbox(id));
      dirty.add(id);
      own(id);
    },
    addContainer(id) {
      dirty.add(id);
      own(id);
    },
    removeContainer(id) {
      forget(containers, id);
      rebuild();
    },
    removeSandbox(id) {
      forget(sandboxes, id);
      rebuild();
    },
  };
}

/** Holds the place until the first look. */
function placeholderSandbox(id: string): Sandbox {
  const metadata = { name: '', uid: '', namespace: '', attempt: 0 };
  return { id, metadata, state: 'SANDBOX_NOTREADY', createdAt: 0, labels: {}, annotations: {}, ips: [] };
}
