import { compareText } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { FlowSchema } from '@coracle/apimachinery/types/flowcontrol-v1';
import type { RequestInfo } from '../filters/request-info.ts';
import type { UserInfo } from '../http/api-request.ts';
import { schemaTest, type SchemaTest } from './classify.ts';
import type { FlowCounts } from './flow-counts.ts';
import { type Level, nameOf } from './level.ts';
import { dealHand, hashOfFlow } from './shuffle-sharding.ts';

export type SchemaObject = FlowSchema & KubernetesObject;

/** Hands that are remembered; dealing one costs some microseconds. Names this long are nobody's in earnest. */
const handsMax = 4096;
const rememberedNameMax = 256;
const noQueues: readonly number[] = [];

/** A flow schema at work: which requests are its own, and where they go. */
export class Flow {
  readonly object: SchemaObject;
  readonly name: string;
  readonly level: Level;
  readonly matches: SchemaTest;
  readonly counts: FlowCounts;
  /** Of every answer to its requests. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #hands = new Map<string, readonly number[]>();

  constructor(object: SchemaObject, level: Level) {
    this.object = object;
    this.name = nameOf(object);
    this.level = level;
    this.matches = schemaTest(object);
    this.counts = level.countsOf(this.name);
    this.headers = {
      'x-kubernetes-pf-flowschema-uid': object.metadata?.uid ?? '',
      'x-kubernetes-pf-prioritylevel-uid': level.object.metadata?.uid ?? '',
    };
  }

  /** What tells flows of this schema apart; empty where the level has but one queue. */
  distinguisherOf(user: UserInfo, info: RequestInfo): string {
    const { queuing } = this.level;
    if (typeof queuing === 'string' || queuing.queues <= 1) return '';
    switch (this.object.spec.distinguisherMethod?.type) {
      case 'ByUser':
        return user.username;
      case 'ByNamespace':
        return info.namespace;
      default:
        return '';
    }
  }

  /** The queues that a flow may wait in. */
  handOf(distinguisher: string): readonly number[] {
    const { queuing } = this.level;
    if (typeof queuing === 'string') return noQueues;
    const known = this.#hands.get(distinguisher);
    if (known !== undefined) return known;
    const hand = dealHand(hashOfFlow(this.name, distinguisher), queuing.queues, queuing.handSize);
    if (this.#hands.size >= handsMax) this.#hands.clear();
    if (distinguisher.length <= rememberedNameMax) this.#hands.set(distinguisher, hand);
    return hand;
  }
}

/** In the order in which schemas are asked. */
export function bySchemaOrder(a: SchemaObject, b: SchemaObject): number {
  const difference = (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0);
  return difference || compareText(nameOf(a), nameOf(b));
}
