import type { Environment } from '@coracle/apimachinery/component';
import { isStatus, StatusError } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Client } from '../rest/client.ts';
import { type CoreEvent, coreEvents, timestamp } from './core-event.ts';
import { type Correlated, EventCorrelator } from './event-correlator.ts';
import type { EventDetails, RunningEventRecorder } from './recorder.ts';

/** Who speaks: `source` and `reportingComponent` of every event. */
export interface EventSource {
  readonly component: string;
  readonly host?: string;
}

/** Events waiting to be written; one more is dropped. */
const queuedMax = 5000;
const triesMax = 12;
const retryMs = 10_000;
/** ServiceUnavailable, which is also what transports throw where nobody answers. */
const unreachableCode = 503;

/** Writes events one after the other, so that a count never overtakes the event it counts. */
export function createEventRecorder(
  dependencies: { readonly client: Client; readonly environment: Environment },
  source: EventSource,
): RunningEventRecorder {
  const { client } = dependencies;
  const { clock, random, log } = dependencies.environment;
  const correlator = new EventCorrelator();
  const queue: CoreEvent[] = [];
  const stopping = new AbortController();
  let sequence = Math.floor(random.next() * nanosecondsInMillisecond);
  let writing: Promise<void> | undefined;

  const write = async ({ action, event }: Correlated): Promise<void> => {
    if (action === 'count') {
      const { namespace, name } = event.metadata ?? {};
      const { count, lastTimestamp, message } = event;
      try {
        const body = { count, lastTimestamp, message };
        await client.patch(coreEvents, { namespace, name: name ?? '' }, { type: 'merge', body });
        return;
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error;
      }
    }
    await client.create(coreEvents, event);
  };

  /** Tries again only where the server was not reached: what it failed once would hold up all that come after it. */
  const writeWithRetries = async (correlated: Correlated): Promise<void> => {
    for (let attempt = 1; attempt <= triesMax; attempt++) {
      try {
        return await write(correlated);
      } catch (error) {
        const isRefused = error instanceof StatusError && error.code !== unreachableCode;
        if (isRefused || stopping.signal.aborted || attempt === triesMax) {
          log.debug('event not written', { reason: correlated.event.reason, error: String(error) });
          return;
        }
        const delay = attempt === 1 ? retryMs * random.next() : retryMs;
        await clock.sleep(delay, stopping.signal).catch(() => undefined);
      }
    }
  };

  const drain = async (): Promise<void> => {
    for (let event = queue.shift(); event; event = queue.shift()) {
      const correlated = correlator.correlate(event, clock.now());
      if (correlated) await writeWithRetries(correlated);
    }
    writing = undefined;
  };

  return {
    event(object, type, reason, message, details) {
      if (stopping.signal.aborted) return;
      if (queue.length >= queuedMax) {
        log.warn('event dropped: too many are waiting to be written', { reason, limit: queuedMax });
        return;
      }
      const now = clock.now();
      const name = `${object.metadata?.name ?? ''}.${nanoseconds(now, sequence++)}`;
      queue.push(makeEvent({ object, name, now, source, ...(details ? { details } : {}) }, { type, reason, message }));
      writing ??= drain();
    },

    async stop() {
      stopping.abort(new Error('the recorder is stopped'));
      await writing;
    },
  };
}

interface EventSubject {
  readonly object: KubernetesObject;
  readonly name: string;
  readonly now: number;
  readonly source: EventSource;
  readonly details?: EventDetails;
}

type EventWords = Pick<CoreEvent, 'type' | 'reason' | 'message'>;

function makeEvent({ object, name, now, source, details }: EventSubject, words: EventWords): CoreEvent {
  const { namespace, name: objectName, uid, resourceVersion } = object.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name,
      namespace: namespace || 'default',
      ...(details?.annotations ? { annotations: { ...details.annotations } } : {}),
    },
    involvedObject: {
      ...(object.apiVersion === undefined ? {} : { apiVersion: object.apiVersion }),
      ...(object.kind === undefined ? {} : { kind: object.kind }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(objectName === undefined ? {} : { name: objectName }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(details?.fieldPath === undefined ? {} : { fieldPath: details.fieldPath }),
    },
    ...words,
    source: { component: source.component, ...(source.host === undefined ? {} : { host: source.host }) },
    reportingComponent: source.component,
    reportingInstance: source.host ?? '',
    firstTimestamp: timestamp(now),
    lastTimestamp: timestamp(now),
    count: 1,
  };
}

const nanosecondsInMillisecond = 1_000_000;

/**
 * Hexadecimal nanoseconds since 1970, as event names end; the clock's milliseconds leave room for a sequence number. Each
 * recorder begins somewhere else: two may speak of objects of one name in the same millisecond.
 */
function nanoseconds(milliseconds: number, sequence: number): string {
  return (
    BigInt(Math.floor(milliseconds)) * BigInt(nanosecondsInMillisecond) +
    BigInt(sequence % nanosecondsInMillisecond)
  ).toString(16);
}
