import { queryFlag, type RequestInfo } from '../filters/request-info.ts';
import type { WorkEstimate } from './work.ts';
import { durationMsOf, seatSeconds } from './seat-seconds.ts';

/** What is stored of a resource. */
export interface ResourceStatistics {
  readonly objects: number;
  /** Of all objects as they are stored. */
  readonly bytes: number;
}

export interface EstimateSources {
  /** Undefined where this server does not store the resource: unknown, or another server's. */
  statistics(group: string, resource: string): ResourceStatistics | undefined;
  /** Watches that may be told of what the request changes. */
  watches(info: RequestInfo): number;
}

const seatsMin = 1;
const listSeatsMax = 100;
const mutatingSeatsMax = 10;
/** A seat of a list: this much at once in memory. */
const bytesPerSeat = 100_000;
/** A list from the cache is sent piece by piece. */
const cachedListBytesMax = 1_000_000;
const watchesPerSeat = 10;
/** What one event costs one seat per `watchesPerSeat` watchers. Milliseconds. */
const eventMs = 5;

const oneSeat: WorkEstimate = { initialSeats: seatsMin, finalSeats: 0, additionalLatencyMs: 0 };

/**
 * What a request will cost, before it runs. `levelSeatsMax` bounds it; 0 where the level says nothing.
 * Source: KEP-1040 (width of requests), k8s.io/apiserver pkg/util/flowcontrol/request.
 */
export function estimateWork(
  info: RequestInfo,
  query: URLSearchParams,
  levelSeatsMax: number,
  sources: EstimateSources,
): WorkEstimate {
  switch (info.verb) {
    case 'list':
    case 'watch':
      return estimateList(info, query, atMost(levelSeatsMax, listSeatsMax), sources);
    case 'create':
    case 'update':
    case 'patch':
    case 'delete':
      return estimateMutation(info, atMost(levelSeatsMax, mutatingSeatsMax), sources);
    default:
      return oneSeat;
  }
}

function atMost(levelSeatsMax: number, seatsMax: number): number {
  return levelSeatsMax === 0 || levelSeatsMax > seatsMax ? seatsMax : levelSeatsMax;
}

function estimateList(
  info: RequestInfo,
  query: URLSearchParams,
  seatsMax: number,
  sources: EstimateSources,
): WorkEstimate {
  const limitText = query.get('limit') ?? '';
  // Such a request will be refused.
  if (!/^-?\d*$/.test(limitText)) return { ...oneSeat, initialSeats: seatsMax };
  if (info.verb === 'watch' && !asksForInitialEvents(query)) return oneSeat;
  const statistics = sources.statistics(info.group, info.resource);
  if (statistics === undefined) return oneSeat;
  const { objects, bytes } = statistics;
  const fromCache = info.verb === 'watch' || !needsHistory(query, Number(limitText));
  const limit = Number(limitText);
  const limited = limit > 0 ? Math.min(limit, objects) : objects;
  const filtered = !fromCache && (query.get('fieldSelector') || query.get('labelSelector'));
  const loaded = info.name === '' ? (filtered ? Math.max(limited, Math.floor(objects / 2)) : limited) : 1;
  const loadedBytes = loaded * (objects === 0 ? 0 : bytes / objects);
  const held = fromCache ? Math.min(loadedBytes, cachedListBytesMax) : loadedBytes;
  const seats = Math.ceil(held / bytesPerSeat);
  return seats <= seatsMin ? oneSeat : { ...oneSeat, initialSeats: Math.min(seats, seatsMax) };
}

function asksForInitialEvents(query: URLSearchParams): boolean {
  if (queryFlag(query, 'sendInitialEvents')) return true;
  const version = query.get('resourceVersion') ?? '';
  return version === '' || version === '0';
}

/** Whether a list is of a state that the cache need not have any more (pkg/storage/cacher/delegator). */
function needsHistory(query: URLSearchParams, limit: number): boolean {
  switch (query.get('resourceVersionMatch') ?? '') {
    case 'NotOlderThan':
      return false;
    case '': {
      if (query.get('continue')) return true;
      const version = query.get('resourceVersion') ?? '';
      return limit > 0 && version !== '' && version !== '0';
    }
    default:
      return true;
  }
}

/**
 * A write takes one seat, and what it changes is told to every watcher afterwards: counted where there are many, as a
 * rectangle of at most `seatsMax` seats and the time that this takes.
 */
function estimateMutation(info: RequestInfo, seatsMax: number, sources: EstimateSources): WorkEstimate {
  if (info.resource === 'serviceaccounts' && info.subresource === 'token') return oneSeat;
  const watches = sources.watches(info);
  if (watches < watchesPerSeat) return oneSeat;
  const wanted = Math.ceil(watches / watchesPerSeat);
  const finalSeats = Math.min(wanted, seatsMax);
  const additionalLatencyMs = durationMsOf(seatSeconds(wanted, eventMs), finalSeats);
  return { initialSeats: 1, finalSeats, additionalLatencyMs };
}
