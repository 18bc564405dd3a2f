import type { ContainerRuntime, RuntimeEvent } from '../../runtime/index.ts';

/** What the kubelet labels containers with. */
const uidLabel = 'io.kubernetes.pod.uid';

/** A runtime shared by many machines, as the machine of one pod sees it: only that pod's sandboxes and containers. */
export function podRuntime(shared: ContainerRuntime, podUid: string): ContainerRuntime {
  const own: ContainerRuntime = {
    ...shared,
    listSandboxes: async () => (await shared.listSandboxes()).filter((sandbox) => sandbox.metadata.uid === podUid),
    listContainers: async () => (await shared.listContainers()).filter(({ labels }) => labels[uidLabel] === podUid),
    containerStats: async () => (await shared.containerStats()).filter(({ labels }) => labels[uidLabel] === podUid),
    // Others' events only make this machine look at its own pod again.
    events: (signal: AbortSignal): AsyncIterable<RuntimeEvent> => shared.events(signal),
    // The pool closes what all share.
    close: async () => {},
  };
  return own;
}
