import type { Progress } from '../output.ts';
import type { ClusterState } from '../state/index.ts';

/** What a detached cluster tells the command that waits for it, over the channel between the two processes. */
export type ProgressMessage =
  | { readonly type: 'begin'; readonly title: string }
  | { readonly type: 'end'; readonly title: string; readonly failed: boolean }
  | { readonly type: 'note'; readonly line: string }
  | { readonly type: 'ready'; readonly state: ClusterState }
  /** `expected`: the user can mend it, no stack trace wanted. */
  | { readonly type: 'failed'; readonly message: string; readonly expected: boolean };

export function isProgressMessage(message: unknown): message is ProgressMessage {
  return typeof message === 'object' && message !== null && 'type' in message;
}

/** Progress that goes to the parent process. */
export function sendProgress(): Progress {
  const send = (message: ProgressMessage) => {
    if (process.connected) process.send?.(message);
  };
  return {
    async step(title, work) {
      send({ type: 'begin', title });
      try {
        const result = await work();
        send({ type: 'end', title, failed: false });
        return result;
      } catch (error) {
        send({ type: 'end', title, failed: true });
        throw error;
      }
    },
    note: (line) => send({ type: 'note', line }),
  };
}

/** The other end: shows the steps as they begin and end. */
export function replayProgress(progress: Progress): (message: ProgressMessage) => void {
  const open = new Map<string, (failed: boolean) => void>();
  return (message) => {
    if (message.type === 'note') progress.note(message.line);
    if (message.type === 'begin') {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      open.set(message.title, (failed) => (failed ? reject(new Error(message.title)) : resolve()));
      // The failure itself arrives as a message of its own.
      progress.step(message.title, () => promise).catch(() => {});
    }
    if (message.type === 'end') open.get(message.title)?.(message.failed);
  };
}
