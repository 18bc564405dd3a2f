import { isStatus, type StatusError } from '@coracle/apimachinery/errors';

/**
 * Where a reflector stands. `how` is how it asks for the present state: as the beginning of a watch (KEP-3157) or as a list.
 *
 *     initialize ──synced──▶ watching ──advanced──▶ watching
 *         ▲                    │  └─ended, failed──▶ watching (same position)
 *         └──────410 Gone──────┘
 */
export type ReflectorState =
  /** Knows nothing, or too old a thing. `from` is the oldest state it accepts: '0' any, '' only the newest. */
  | { readonly phase: 'initialize'; readonly how: InitializeBy; readonly from: string }
  | { readonly phase: 'watching'; readonly how: InitializeBy; readonly resourceVersion: string };

export type InitializeBy = 'stream' | 'list';

/** What came of the I/O that a state asked for. */
export type Outcome =
  | { readonly type: 'synced'; readonly resourceVersion: string }
  | { readonly type: 'advanced'; readonly resourceVersion: string }
  /** The server ended the watch; `idle` when it did so at once, without having said anything. */
  | { readonly type: 'ended'; readonly idle: boolean }
  | { readonly type: 'failed'; readonly error: unknown; readonly idle: boolean };

export interface Transition {
  readonly state: ReflectorState;
  /** Wait for the back-off before acting on the new state. */
  readonly wait: boolean;
}

/** The whole policy of a reflector, without I/O (kube-rs watcher.rs; client-go reflector.go). */
export function transition(state: ReflectorState, outcome: Outcome): Transition {
  switch (outcome.type) {
    case 'synced':
      return watching(state, outcome.resourceVersion);
    case 'advanced':
      return watching(state, outcome.resourceVersion);
    case 'ended':
      return { state, wait: state.phase === 'initialize' || outcome.idle };
    case 'failed':
      return state.phase === 'initialize' ? initializeFailed(state, outcome.error) : watchFailed(state, outcome);
    default:
      return outcome satisfies never;
  }
}

function watching({ how }: ReflectorState, resourceVersion: string): Transition {
  return { state: { phase: 'watching', how, resourceVersion }, wait: false };
}

function initializeFailed(state: ReflectorState & { phase: 'initialize' }, error: unknown): Transition {
  const isStreamRefused = isStatus(error, 'Invalid') || isStatus(error, 'BadRequest');
  if (state.how === 'stream' && isStreamRefused) return { state: { ...state, how: 'list' }, wait: false };
  if (state.from !== '' && (isGone(error) || isFutureVersion(error))) {
    return { state: { ...state, from: '' }, wait: false };
  }
  return { state, wait: true };
}

function watchFailed(state: ReflectorState & { phase: 'watching' }, outcome: Outcome & { type: 'failed' }): Transition {
  if (!isGone(outcome.error)) return { state, wait: true };
  return { state: { phase: 'initialize', how: state.how, from: state.resourceVersion }, wait: outcome.idle };
}

function isGone(error: unknown): boolean {
  return isStatus(error, 'Expired') || isStatus(error, 'Gone') || (isStatus(error) && error.code === 410);
}

/** The server does not know this version yet and gave up waiting for it (apierrors.HasStatusCause ResourceVersionTooLarge). */
function isFutureVersion(error: unknown): boolean {
  if (!isStatus(error)) return false;
  return (
    (error as StatusError).status.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge') === true
  );
}
