import { Buffer } from 'node:buffer';
import { fieldsJson } from '@coracle/apimachinery/apply';
import type { KubernetesObject, ManagedFieldsEntry } from '@coracle/apimachinery/meta';
import type { Revision } from '../storage.ts';

/**
 * The JSON of an object as it is stored: without resourceVersion, and with kind, apiVersion and metadata in front so that
 * `spliceRevision` finds its place without looking at the rest.
 */
export function encodeForStorage(object: KubernetesObject): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { managedFields, resourceVersion: _, ...meta } = metadata ?? {};
  const owners = managedFields && `"managedFields":[${managedFields.map(encodeEntry).join()}]`;
  const whole = `"metadata":{${joined(fieldsOf(meta), owners)}}`;
  return ownBuffer(`{${joined(fieldsOf({ kind, apiVersion }), whole, fieldsOf(rest))}}`);
}

/** Who owns what is a third of a new pod's JSON, and in all pods of one template the same. */
function encodeEntry({ fieldsV1, ...entry }: ManagedFieldsEntry): string {
  return `{${joined(fieldsOf(entry), fieldsV1 && `"fieldsV1":${fieldsJson(fieldsV1)}`)}}`;
}

/** The fields of an object in JSON, without its braces. */
function fieldsOf(object: object): string {
  return JSON.stringify(object).slice(1, -1);
}

/** Put together without a copy: that is made once, into the buffer. */
function joined(...fields: readonly (string | undefined)[]): string {
  let text = '';
  for (const each of fields) if (each) text += text === '' ? each : `,${each}`;
  return text;
}

/**
 * A buffer with memory of its own. Small buffers are otherwise cut from slabs of 64 KiB, and one object that is kept would keep
 * a slab full of answers long sent.
 */
function ownBuffer(text: string): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  buffer.write(text);
  return buffer;
}

/** The start of the stored JSON of one kind, up to and including the brace that opens metadata. */
export function storedHeader(apiVersion: string, kind: string): Uint8Array {
  return Buffer.from(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":{`);
}

export function startsWith(bytes: Uint8Array, header: Uint8Array): boolean {
  if (bytes.length < header.length) return false;
  for (let index = 0; index < header.length; index++) if (bytes[index] !== header[index]) return false;
  return true;
}

/** Stored JSON with resourceVersion as the first field of metadata. `at` is the length of its header. */
export function spliceRevision(stored: Uint8Array, at: number, revision: Revision): readonly Uint8Array[] {
  // Metadata is never empty (it has a name), so a comma always follows.
  return [stored.subarray(0, at), Buffer.from(`"resourceVersion":"${revision}",`, 'latin1'), stored.subarray(at)];
}

/** The same object with another resourceVersion; everything below is shared. */
export function withRevision<T extends KubernetesObject>(object: T, revision: Revision): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

const metadataOpening = '"metadata":{';

/** Where `spliceRevision` cuts the output of `encodeForStorage`. */
export function headerLengthOf(stored: Uint8Array): number {
  return (
    Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).indexOf(metadataOpening) + metadataOpening.length
  );
}

export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) freezeDeep(child);
  return Object.freeze(value);
}
