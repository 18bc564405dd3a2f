import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepEqual } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { humanAge } from '@coracle/apimachinery/quantity';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  SelectableField,
} from '@coracle/apimachinery/types/apiextensions-v1';
import { nameIsDnsSubdomain, validateObjectMeta, validateObjectMetaUpdate } from '@coracle/apimachinery/validation';
import type { Strategy, TableColumn, TableStrategy, WriteContext } from '../registry/strategy.ts';
import { compileEmbedded } from './embedded-resources.ts';
import { parseJsonPath } from './json-path.ts';
import { compileScale } from './scale.ts';
import { compileRules } from './validation-rules.ts';
import { compileValidator } from './value-validator.ts';

/** The rules of a custom resource's objects at one served version, all of them taken from its definition. */
export function instanceStrategy(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  resource: GroupResource,
): Strategy {
  const validator = compileValidator(version.schema?.openAPIV3Schema);
  const hasStatus = version.subresources?.status !== undefined;
  const rules = compileRules(version.schema?.openAPIV3Schema);
  const scale = version.subresources?.scale && compileScale(version.subresources.scale);
  const embedded = compileEmbedded(version.schema?.openAPIV3Schema);
  const namespaced = definition.spec.scope === 'Namespaced';
  const validate = (
    object: KubernetesObject,
    old: KubernetesObject | undefined,
    context: WriteContext,
  ): readonly FieldError[] => {
    const errors = [
      ...validator.validate(object, '', old),
      ...(scale?.validate(object) ?? []),
      ...(embedded?.validate(object) ?? []),
    ];
    if (rules === undefined) return errors;
    // Rules count on the shape that the schema promises.
    const isBlocked = [...metadataErrors(object, old, namespaced), ...errors].some(blocksRules);
    return isBlocked
      ? [...errors, rulesNotChecked]
      : [...errors, ...rules.validate(object, '', old, (text) => context.warn(text))];
  };
  const fields = selectableFields(version.selectableFields);
  return {
    resource,
    generation: (object, old) => !deepEqual(countedParts(object, hasStatus), countedParts(old, hasStatus)),
    unconditionalUpdate: false,
    validate,
    table: tableOf(version.additionalPrinterColumns),
    subresources: {
      ...(hasStatus
        ? {
            status: {
              type: 'update',
              prepareForUpdate: keepAllButStatus,
              validateUpdate: validate,
            },
          }
        : {}),
      ...(scale === undefined ? {} : { scale: scale.view }),
    },
    ...(fields === undefined ? {} : { fields }),
  };
}

/** What the store says of metadata, which rules must not count on either. */
function metadataErrors(
  { metadata = {} }: KubernetesObject,
  old: KubernetesObject | undefined,
  namespaced: boolean,
): readonly FieldError[] {
  if (old !== undefined) return validateObjectMetaUpdate(metadata, old.metadata ?? {});
  return validateObjectMeta(metadata, namespaced, nameIsDnsSubdomain);
}

/** An object of which rules would see the wrong types, or too much of something (`hasBlockingErr`). */
function blocksRules({ type }: FieldError): boolean {
  return [
    'FieldValueNotSupported',
    'FieldValueRequired',
    'FieldValueTooLong',
    'FieldValueTooMany',
    'FieldValueTypeInvalid',
  ].includes(type);
}

const rulesNotChecked = field.invalid(
  '<nil>',
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

/** Through `status` nothing of a custom resource changes but that, not even labels; who wrote it is noted. */
function keepAllButStatus(object: KubernetesObject, old: KubernetesObject): void {
  const target = object as Record<string, unknown>;
  const { status } = target;
  const managedFields = object.metadata?.managedFields;
  for (const name of Object.keys(target)) delete target[name];
  Object.assign(target, old, { metadata: { ...old.metadata } });
  if (status === undefined) delete target['status'];
  else target['status'] = status;
  if (managedFields !== undefined) (target['metadata'] as { managedFields?: unknown }).managedFields = managedFields;
}

/** Everything but metadata counts as a change, and but the status where that is written by itself. */
function countedParts(object: KubernetesObject, hasStatus: boolean): Record<string, unknown> {
  const { metadata: _metadata, apiVersion: _apiVersion, ...rest } = object as Record<string, unknown>;
  if (hasStatus) delete rest['status'];
  return rest;
}

type Fields = NonNullable<Strategy['fields']>;

/** Of all versions: where versions differ in nothing but their name, a store computes the values once for all of them. */
export function selectableFieldsOfAll({ spec }: CustomResourceDefinition): Fields | undefined {
  return selectableFields(spec.versions.flatMap((version) => version.selectableFields ?? []));
}

function selectableFields(declared: readonly SelectableField[] = []): Fields | undefined {
  if (declared.length === 0) return undefined;
  const paths = [...new Set(declared.map(({ jsonPath }) => jsonPath))].map(
    (path) => [path.replace(/^\./, ''), parseJsonPath(path)] as const,
  );
  return (object) => Object.fromEntries(paths.map(([name, path]) => [name, String(path.find(object)[0] ?? '')]));
}

const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically.',
  priority: 0,
};
const ageColumn: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
  jsonPath: '.metadata.creationTimestamp',
};

function tableOf(declared: readonly CustomResourceColumnDefinition[] | undefined): TableStrategy {
  const columns = declared === undefined || declared.length === 0 ? [ageColumn] : declared;
  const paths = columns.map((column) => parseJsonPath(column.jsonPath));
  return {
    columns: [nameColumn, ...columns.map(tableColumn)],
    row: (object, now) => [
      object.metadata?.name ?? '',
      ...columns.map((column, index) => cell(paths[index]?.find(object) ?? [], column.type, now)),
    ],
  };
}

function tableColumn({ name, type, format, description, priority }: CustomResourceColumnDefinition): TableColumn {
  return {
    name,
    type: type as TableColumn['type'],
    format: format ?? '',
    description: description ?? '',
    priority: priority ?? 0,
  };
}

/** One value of the column's type; null where the object has none or one of another type. */
function cell(values: readonly unknown[], type: string, now: number): unknown {
  const [value] = values;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? humanAge(value, now) : '<invalid>';
    default:
      return values.length > 1 ? JSON.stringify(values) : typeof value === 'string' ? value : JSON.stringify(value);
  }
}
