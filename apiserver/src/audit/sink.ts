import type { AuditEvent } from './record.ts';

/** Where audit events go. */
export interface AuditSink {
  /** For metrics and the log: `log`, `webhook`. */
  readonly name: string;
  /** Throws where the event cannot be taken: it is counted as an error then, and the request goes on. */
  record(event: AuditEvent): void;
  /** Resolves when what was taken has been delivered, or given up. */
  stop(): Promise<void>;
}
