import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { initialEventsEndAnnotation } from '@coracle/apimachinery/watch';
import { statusOf } from '../filters/error-to-status.ts';
import type { ApiResponse, WatchFrame } from '../http/api-request.ts';
import { negotiateStream, type Negotiated } from '../negotiation/accept.ts';
import { includeObjectOf, tableOf, type TableRequest } from '../negotiation/table.ts';
import { lazyFrame, type View, viewOf } from '../negotiation/view.ts';
import type { StoreEvent, WatchRequest } from '../storage/object-store/object-store.ts';
import type { Call } from './call.ts';
import { FrameStream } from './frame-stream.ts';
import { freshnessOf, type ListOptions, parseListOptions, parseResourceVersion } from './list-options.ts';
import { capabilitiesOf } from './respond.ts';
import { selectionOf } from './selection.ts';
import { SharedFrames } from './shared-frames.ts';

/** Frames of all watches of this process. */
const sharedFrames = new SharedFrames();

/** GET with `watch=true`: every change as a frame that all watchers of one encoding share. */
export async function watch(call: Call): Promise<ApiResponse> {
  const { context, resource } = call;
  const options = parseListOptions(context.request.query, true);
  const negotiated = negotiateStream(context.request.headers['accept'], capabilitiesOf(resource));
  const frames = framesFor(call, negotiated);
  const ending = new AbortController();
  const request: WatchRequest = {
    ...selectionOf(call, options),
    from: beginning(options),
    bookmarks: options.allowWatchBookmarks,
    ...(context.watchInitialized === undefined ? {} : { initialized: context.watchInitialized }),
    onTooSlow: () => ending.abort(),
  };
  return {
    status: 200,
    headers: { 'content-type': frames.contentType },
    body: {
      type: 'watch',
      frames: follow(call, request, frames, timeoutMs(call, options), ending),
      ended: ending.signal,
    },
  };
}

function beginning(options: ListOptions): WatchRequest['from'] {
  const { resourceVersion } = options;
  if (options.sendInitialEvents === true) return { type: 'initial-events', freshness: freshnessOf(resourceVersion) };
  if (resourceVersion === '' || resourceVersion === '0') return { type: 'now' };
  return { type: 'after', revision: parseResourceVersion(resourceVersion) };
}

/** Spread out, so that the watches of a restart do not all end together. */
function timeoutMs({ core }: Call, options: ListOptions): number {
  if (options.timeoutSeconds !== undefined && options.timeoutSeconds > 0) return options.timeoutSeconds * 1000;
  return core.watchTimeoutMinMs * (1 + core.environment.random.next());
}

function follow(
  { core, context, resource }: Call,
  request: WatchRequest,
  frames: Frames,
  limitMs: number,
  ending: AbortController,
): AsyncIterable<readonly WatchFrame[]> {
  const all = (events: readonly StoreEvent[]) => events.map(frames.of);
  const prepared = async (events: readonly StoreEvent[]) => {
    await resource.prepare?.(events.flatMap(objectOf));
    return all(events);
  };
  return new FrameStream({
    watch: (signal) => resource.store.watch(request, signal),
    framesOf: resource.prepare === undefined ? all : prepared,
    errorFrame: frames.error,
    client: context.signal,
    ending,
    clock: core.environment.clock,
    limitMs,
  });
}

function objectOf(event: StoreEvent): KubernetesObject[] {
  return event.type === 'BOOKMARK' ? [] : [event.object.object];
}

interface Frames {
  readonly contentType: string;
  of(this: void, event: StoreEvent): WatchFrame;
  error(error: unknown): WatchFrame;
}

function framesFor(call: Call, negotiated: Negotiated): Frames {
  const view = viewOf(call.resource, negotiated);
  const error = (cause: unknown) => view.errorFrame(statusOf(cause));
  if (negotiated.transform?.kind === 'Table') {
    return { contentType: view.streamContentType, of: tableFrames(call, negotiated), error };
  }
  const bookmarks = bookmarkFrames(view);
  return {
    contentType: view.streamContentType,
    of: (event) => (event.type === 'BOOKMARK' ? bookmarks(event) : sharedFrames.get(event, view)),
    error,
  };
}

type Bookmark = Extract<StoreEvent, { type: 'BOOKMARK' }>;

function bookmarkFrames(view: View): (event: Bookmark) => WatchFrame {
  return (event) =>
    view.frameOf('BOOKMARK', { kind: view.kind, apiVersion: view.apiVersion, metadata: bookmarkMeta(event) });
}

function bookmarkMeta(event: Bookmark): Record<string, unknown> {
  return {
    resourceVersion: String(event.revision),
    creationTimestamp: null,
    ...(event.initialEventsEnd ? { annotations: { [initialEventsEndAnnotation]: 'true' } } : {}),
  };
}

/** One table a change; only the first one names the columns. */
function tableFrames({ core, context, resource }: Call, negotiated: Negotiated): (event: StoreEvent) => WatchFrame {
  const includeObject = includeObjectOf(context.request.query);
  const version = negotiated.transform?.version ?? 'v1';
  let headers = true;
  return (event) => {
    const request: TableRequest = { version, includeObject, headers, now: core.environment.clock.now() };
    headers = false;
    const object =
      event.type === 'BOOKMARK'
        ? { kind: resource.row.kind, apiVersion: resource.storageApiVersion, metadata: bookmarkMeta(event) }
        : event.object.object;
    const meta = { resourceVersion: object.metadata?.resourceVersion as string };
    const value = { type: event.type, object: tableOf(resource, [object], meta, request) };
    return lazyFrame(
      () => Buffer.from(`${JSON.stringify(value)}\n`),
      () => value,
    );
  };
}
