import { forbidden, type StatusError } from '@coracle/apimachinery/errors';
import type { AdmissionAttributes } from './admission.ts';

/** 403 `pods "x" is forbidden: <reason>`, for the object of this write. */
export function refuse(attributes: AdmissionAttributes, reason: string): StatusError {
  return forbidden(attributes.resource, nameOf(attributes), reason);
}

/** A name that is still to be generated shows as its beginning. */
function nameOf({ name, object }: AdmissionAttributes): string {
  if (name !== '') return name;
  if (object === undefined) return 'Unknown';
  return object.metadata?.name || object.metadata?.generateName || 'Unknown';
}

/** True for a write of this resource itself, not of a subresource. */
export function isOf(
  { resource, subresource }: AdmissionAttributes,
  wanted: { group: string; resource: string },
): boolean {
  return subresource === '' && resource.resource === wanted.resource && resource.group === wanted.group;
}
