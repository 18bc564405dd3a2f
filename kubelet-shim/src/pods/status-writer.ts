import { isStatus } from '@coracle/apimachinery/errors';
import type { Environment } from '@coracle/apimachinery/component';
import { deepEqual } from '@coracle/apimachinery/json';
import { Pods } from '@coracle/apimachinery/resources';
import type { Pod, PodStatus } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import { ownedConditions } from './conditions.ts';
import type { StatusWriter } from './pod-services.ts';

interface PodRecord {
  pod: Pod;
  wanted: PodStatus;
  sent: PodStatus;
  sending: Promise<void> | undefined;
}

const retryMs = 1000;
const retryMaxMs = 10_000;

/**
 * Patches statuses with what changed since the last patch. A status that is superseded before it was sent is never sent;
 * two pods never wait for each other.
 */
export function createStatusWriter(client: Client, environment: Environment, signal: AbortSignal): StatusWriter {
  const records = new Map<string, PodRecord>();
  const { clock, log } = environment;

  const send = async (record: PodRecord): Promise<void> => {
    for (let delay = retryMs; !signal.aborted; ) {
      const { pod, wanted } = record;
      const body = patchOf(pod, record.sent, wanted);
      if (!body) return;
      try {
        await client.patch(Pods, keyOf(pod), { type: 'strategic', body }, { subresource: 'status', signal });
        record.sent = wanted;
        delay = retryMs;
      } catch (error) {
        // The pod has left the API, or another one has taken its name: nobody waits for this status.
        if (isStatus(error, 'NotFound') || isStatus(error, 'Conflict')) return void (record.sent = wanted);
        log.warn('pod status not written', { pod: pod.metadata?.name, error: String(error) });
        await clock.sleep(delay, signal).catch(() => {});
        delay = Math.min(delay * 2, retryMaxMs);
      }
    }
  };

  const start = (record: PodRecord): void => {
    record.sending ??= send(record).finally(() => {
      record.sending = undefined;
      if (!signal.aborted && patchOf(record.pod, record.sent, record.wanted)) start(record);
    });
  };

  return {
    set(pod, status) {
      const uid = pod.metadata?.uid ?? '';
      const record = records.get(uid) ?? { pod, wanted: status, sent: pod.status ?? {}, sending: undefined };
      records.set(uid, record);
      record.pod = pod;
      record.wanted = status;
      start(record);
    },
    async flushed(pod) {
      const record = records.get(pod.metadata?.uid ?? '');
      while (record?.sending) await record.sending;
    },
    async remove(pod) {
      const { uid = '' } = pod.metadata ?? {};
      try {
        await client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 0, preconditions: { uid }, signal });
      } catch (error) {
        if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error;
      }
    },
    forget: (uid) => void records.delete(uid),
  };
}

function keyOf({ metadata }: Pod): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

/** Only the agent's own fields, and of those only what differs; undefined where nothing does. */
function patchOf(pod: Pod, sent: PodStatus, wanted: PodStatus): object | undefined {
  const status: Record<string, unknown> = {};
  const keys = new Set([...Object.keys(wanted), ...withdrawable]) as Set<keyof PodStatus>;
  for (const key of keys) {
    if (deepEqual(sent[key], wanted[key])) continue;
    const mergeKey = mergedLists[key];
    const value = mergeKey === undefined ? (wanted[key] ?? null) : listPatch(mergeKey, sent[key], wanted[key]);
    if (!Array.isArray(value) || value.length > 0 || mergeKey === undefined) status[key] = value;
  }
  if (Object.keys(status).length === 0) return undefined;
  return { metadata: { uid: pod.metadata?.uid }, status };
}

/** Fields that the agent takes away again when it has nothing to say. */
const withdrawable = ['reason', 'message'] as const;

/** Lists that a strategic merge patch joins by a key; all others are replaced. */
const mergedLists: Readonly<Record<string, string>> = { conditions: 'type', podIPs: 'ip', hostIPs: 'ip' };

type Entry = Readonly<Record<string, unknown>>;

/** Changed and removed entries. Conditions of others are theirs to write. */
function listPatch(mergeKey: string, sent: unknown, wanted: unknown): object[] {
  const isOwn = (entry: Entry) => mergeKey !== 'type' || writtenConditions.has(String(entry[mergeKey]));
  const before = ((sent ?? []) as Entry[]).filter(isOwn);
  const after = ((wanted ?? []) as Entry[]).filter(isOwn);
  const changed = after.flatMap((one) => {
    const other = before.find((entry) => entry[mergeKey] === one[mergeKey]);
    return deepEqual(one, other) ? [] : [{ ...withdrawn(other ?? {}, one), ...one }];
  });
  const removed = before.filter((one) => !after.some((other) => other[mergeKey] === one[mergeKey]));
  return [...changed, ...removed.map((one) => ({ $patch: 'delete', [mergeKey]: one[mergeKey] }))];
}

const writtenConditions: ReadonlySet<string> = new Set([...ownedConditions, 'DisruptionTarget']);

/** Fields that an entry had and has no more: a merge would keep them. */
function withdrawn(before: Entry, after: Entry): Entry {
  const names = Object.keys(before).filter((name) => after[name] === undefined);
  return Object.fromEntries(names.map((name) => [name, null]));
}
