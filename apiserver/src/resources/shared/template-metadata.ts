import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ObjectMeta } from '@coracle/apimachinery/meta';
import { validateAnnotations, validateLabels } from '@coracle/apimachinery/validation';

/** What a template may not say of the objects made from it, in the order of Go's ObjectMeta. */
const notOfTemplates = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const satisfies readonly (keyof ObjectMeta)[];

/** Metadata of a template for claims: labels and annotations alone (pkg/apis/core/validation.ValidateTemplateObjectMeta). */
export function templateMetadataErrors(metadata: ObjectMeta = {}, path: string): FieldError[] {
  return [
    ...validateAnnotations(metadata.annotations, `${path}.annotations`),
    ...validateLabels(metadata.labels, `${path}.labels`),
    ...notOfTemplates.flatMap((name) => (metadata[name] ? [field.forbidden(`${path}.${name}`, 'cannot be set')] : [])),
  ];
}
