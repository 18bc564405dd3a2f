import { SessionFailure } from '../runtime/index.ts';

/** The `metav1.Status` that ends a session on its error stream (v4 and later). */
export interface SessionStatus {
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] };
}

export function statusOfExit(exitCode: number): SessionStatus {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

export function statusOfError(error: unknown): SessionStatus {
  const text = error instanceof Error ? error.message : String(error);
  // The runtime has said what it was about.
  const message = error instanceof SessionFailure ? text : `Internal error occurred: ${text}`;
  return { metadata: {}, status: 'Failure', reason: 'InternalError', message };
}

/** Protocols before v4 carry plain text, and nothing at all where all went well. */
export function encodeStatus(status: SessionStatus, protocol: string): string {
  if (/^v[45]\./.test(protocol)) return JSON.stringify(status);
  return status.status === 'Success' ? '' : (status.message ?? '');
}
