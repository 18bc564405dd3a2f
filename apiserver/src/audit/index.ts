/** Who did what and when: the policy that says how much is recorded, and where the records go. */
export { type Audit, type AuditOptions, createAudit } from './create-audit.ts';
export type { AuditLogOptions } from './log-file.ts';
export type { AuditedResponse, AuditEvent, AuditRecord } from './record.ts';
export type { AuditSink } from './sink.ts';
export type { AuditWebhookOptions } from './webhook-sink.ts';
