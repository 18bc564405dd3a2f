import type { RuntimeEvent } from '../cri.ts';
import type { WireEvent } from './wire.ts';

/** containerd's topics that change what a pod's status says. */
export const eventFilters = [
  'topic=="/tasks/start"',
  'topic=="/tasks/exit"',
  'topic=="/tasks/oom"',
  'topic=="/containers/create"',
  'topic=="/containers/delete"',
].map((topic) => `namespace==k8s.io,${topic}`);

const kinds: Readonly<Record<string, RuntimeEvent['kind']>> = {
  '/tasks/start': 'started',
  '/tasks/exit': 'exited',
  '/tasks/oom': 'oom',
  '/containers/create': 'created',
  '/containers/delete': 'deleted',
};

/**
 * In all of these messages field 1 is the container's id. A TaskExit also has field 2, the id of the process: where that
 * is another one, a command inside the container ended and the container goes on.
 */
export function fromWireEvent({ topic, event }: WireEvent): RuntimeEvent | undefined {
  if (!event) return undefined;
  const id = textField(event.value, 1);
  if (id === undefined) return undefined;
  const kind = kinds[topic] ?? 'other';
  if (kind === 'exited' && textField(event.value, 2) !== id) return undefined;
  return { kind, id };
}

/** The first length-delimited field of this number among the leading fields of a message. */
function textField(message: Uint8Array, number: number): string | undefined {
  let at = 0;
  while (at < message.length) {
    const tag = message[at] ?? 0;
    if ((tag & 7) !== 2) return undefined;
    const length = message[at + 1] ?? 0;
    const end = at + 2 + length;
    if (length > 127) return undefined;
    if (tag >> 3 === number) return Buffer.from(message.subarray(at + 2, end)).toString('utf8');
    at = end;
  }
  return undefined;
}
