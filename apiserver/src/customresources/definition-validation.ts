import { type FieldError, field } from '@coracle/apimachinery/errors';
import { deepEqual, semanticEqual } from '@coracle/apimachinery/json';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '@coracle/apimachinery/types/apiextensions-v1';
import { dns1035Label, dns1123Subdomain, kindName, nameIsDnsSubdomain } from '@coracle/apimachinery/validation';
import { parseJsonPath } from './json-path.ts';
import { validateDeclarations, validateRoot, validateStructure } from './schema-validation.ts';
import { textsIn } from '../admission/cel/index.ts';
import { checkRules, type RuleContext, shapeErrors } from './check-rules.ts';
import { validateDefaults } from './default-validation.ts';

/** It is named after what it defines. */
export function definitionNameProblems(
  name: string,
  prefix: boolean,
  { spec }: CustomResourceDefinition,
): readonly string[] {
  const problems = nameIsDnsSubdomain(name, prefix);
  const isRight = name === `${spec.names.plural}.${spec.group}`;
  return isRight ? problems : [...problems, 'must be spec.names.plural+"."+spec.group'];
}

/** What a definition must be (apiextensions `validation.go`). Its schemas are checked in `schema-validation.ts`. */
export function validateDefinition(
  definition: CustomResourceDefinition,
  old?: CustomResourceDefinition,
): readonly FieldError[] {
  const { spec } = definition;
  return [
    ...validateGroup(spec, definition.metadata?.annotations ?? {}),
    ...validateScope(spec.scope),
    ...hoisted(spec, validateVersions(spec, old?.spec)),
    ...validateNames(spec.names),
    ...validateConversion(spec),
  ];
}

/** Upstream keeps what all versions have in common once, and tells of it there. */
function hoisted({ versions }: CustomResourceDefinitionSpec, errors: readonly FieldError[]): readonly FieldError[] {
  const isCommon = (name: keyof CustomResourceDefinitionVersion) =>
    versions.every((version) => semanticEqual(version[name], versions[0]?.[name]));
  return errors.flatMap((error) => {
    const [whole, index, part] =
      /^spec\.versions\[(\d+)\]\.(subresources|additionalPrinterColumns|selectableFields)/.exec(error.field) ?? [];
    if (whole === undefined || !isCommon(part as keyof CustomResourceDefinitionVersion)) return [error];
    if (index !== '0') return [];
    return [{ ...error, field: `spec.${part}${error.field.slice(whole.length)}` }];
  });
}

/** What may not change once the definition's resources are served. */
export function validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
  established: boolean,
): readonly FieldError[] {
  if (!established) return [];
  const immutable = (path: string, value: unknown, before: unknown): FieldError[] =>
    value === before ? [] : [field.invalid(path, value, 'field is immutable')];
  return [
    ...immutable('spec.scope', definition.spec.scope, old.spec.scope),
    ...immutable('spec.names.kind', definition.spec.names.kind, old.spec.names.kind),
    ...immutable('spec.group', definition.spec.group, old.spec.group),
    ...immutable('spec.names.plural', definition.spec.names.plural, old.spec.names.plural),
    ...validateStoredVersions(definition),
  ];
}

/** Versions that objects may still be stored in must stay declared. */
export function validateStoredVersions(definition: CustomResourceDefinition): readonly FieldError[] {
  const stored = definition.status?.storedVersions ?? [];
  if (stored.length === 0)
    return [field.invalid('status.storedVersions', stored, 'must have at least one stored version')];
  const declared = new Set(definition.spec.versions.map((version) => version.name));
  const storage = definition.spec.versions.find((version) => version.storage)?.name;
  return [
    ...(storage === undefined || stored.includes(storage)
      ? []
      : [field.invalid('status.storedVersions', stored, `must have the storage version ${storage}`)]),
    ...stored.flatMap((name, index) =>
      declared.has(name)
        ? []
        : [
            field.invalid(
              `status.storedVersions[${index}]`,
              name,
              `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage ` +
                `migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
            ),
          ],
    ),
  ];
}

const protectedGroup = /(^|\.)(k8s|kubernetes)\.io$/;
const approvalAnnotation = 'api-approved.kubernetes.io';

function validateGroup(
  { group }: CustomResourceDefinitionSpec,
  annotations: Readonly<Record<string, string>>,
): FieldError[] {
  if (!group) return [field.required('spec.group')];
  const errors = dns1123Subdomain(group);
  if (errors.length > 0) return [field.invalid('spec.group', group, errors.join(','))];
  if (!group.includes('.')) return [field.invalid('spec.group', group, 'should be a domain with at least one dot')];
  if (!protectedGroup.test(group)) return [];
  const path = `metadata.annotations[${approvalAnnotation}]`;
  const approval = annotations[approvalAnnotation] ?? '';
  if (approval === '') {
    return [
      field.required(
        path,
        `protected groups must have approval annotation "${approvalAnnotation}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    ];
  }
  if (approval.startsWith('unapproved') || URL.canParse(approval)) return [];
  return [
    field.invalid(
      path,
      approval,
      `protected groups must have approval annotation "${approvalAnnotation}" with either a URL or a reason starting with "unapproved", ` +
        'see https://github.com/kubernetes/enhancements/pull/1111',
    ),
  ];
}

function validateScope(scope: string): FieldError[] {
  if (!scope) return [field.required('spec.scope')];
  const scopes = ['Cluster', 'Namespaced'];
  return scopes.includes(scope) ? [] : [field.notSupported('spec.scope', scope, scopes)];
}

function validateVersions(
  spec: CustomResourceDefinitionSpec,
  old: CustomResourceDefinitionSpec | undefined,
): FieldError[] {
  const { versions } = spec;
  const names = versions.map((version) => version.name);
  const errors = validateSchemas(spec, old);
  errors.push(...versions.flatMap((version, index) => validateVersion(version, `spec.versions[${index}]`)));
  if (new Set(names).size !== names.length) {
    errors.push(field.invalid('spec.versions', versions, 'must contain unique version names'));
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    errors.push(field.invalid('spec.versions', versions, 'must have exactly one version marked as storage version'));
  }
  return errors;
}

/** Versions that agree on everything have one schema, which upstream's internal form holds beside them. */
function validateSchemas(
  { versions }: CustomResourceDefinitionSpec,
  old: CustomResourceDefinitionSpec | undefined,
): FieldError[] {
  const stored = textsIn(old?.versions.map(({ schema }) => schema));
  const check = (version: CustomResourceDefinitionVersion, path: string) => {
    const before = old?.versions.find(({ name }) => name === version.name)?.schema;
    const unchanged = before !== undefined && deepEqual(before, version.schema);
    return validateSchema(version, path, { wasStored: (expression) => stored.has(expression), unchanged });
  };
  const [first, ...rest] = versions;
  const isCommon = rest.every((version) => deepEqual(version.schema, first?.schema));
  if (first?.schema?.openAPIV3Schema !== undefined && isCommon) return check(first, 'spec.validation');
  return versions.flatMap((version, index) => check(version, `spec.versions[${index}].schema`));
}

function validateSchema(
  { schema, subresources }: CustomResourceDefinitionVersion,
  path: string,
  context: RuleContext,
): FieldError[] {
  const props = schema?.openAPIV3Schema;
  const at = `${path}.openAPIV3Schema`;
  if (props === undefined) return [field.required(at, 'schemas are required')];
  const structure = validateStructure(props, at);
  const errors = [
    ...validateRoot(props, at, subresources?.status !== undefined),
    ...(structure.length > 0 ? structure : validateDefaults(props, at)),
    ...validateDeclarations(props, at),
  ];
  // Rules are not read as expressions where the structure that they count on is wrong.
  return errors.length > 0 ? [...errors, ...shapeErrors(props, at)] : checkRules(props, at, context);
}

function validateVersion(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const nameErrors = dns1035Label(version.name);
  if (nameErrors.length > 0) errors.push(field.invalid(`${path}.name`, version.name, nameErrors.join(',')));
  if (version.deprecationWarning !== undefined && version.deprecated !== true) {
    errors.push(
      field.invalid(
        `${path}.deprecationWarning`,
        version.deprecationWarning,
        'can only be set for deprecated versions',
      ),
    );
  }
  errors.push(...validateScale(version, path), ...validateColumns(version, path), ...validateSelectable(version, path));
  return errors;
}

function validateScale({ subresources }: CustomResourceDefinitionVersion, versionPath: string): FieldError[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const path = `${versionPath}.subresources.scale`;
  const under = (
    name: string,
    value: string | undefined,
    roots: readonly string[],
    detail: string,
    required: boolean,
  ): FieldError[] => {
    if (!value) return required ? [field.required(`${path}.${name}`)] : [];
    const isPlain = /^(\.[A-Za-z0-9_-]+)+$/.test(value);
    if (!isPlain) return [field.invalid(`${path}.${name}`, value, 'must be a json path in the dot notation')];
    return roots.some((root) => value.startsWith(`.${root}.`)) ? [] : [field.invalid(`${path}.${name}`, value, detail)];
  };
  return [
    ...under('specReplicasPath', scale.specReplicasPath, ['spec'], 'should be a json path under .spec', true),
    ...under('statusReplicasPath', scale.statusReplicasPath, ['status'], 'should be a json path under .status', true),
    ...under(
      'labelSelectorPath',
      scale.labelSelectorPath,
      ['spec', 'status'],
      'should be a json path under either .spec or .status',
      false,
    ),
  ];
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

function validateColumns(
  { additionalPrinterColumns = [] }: CustomResourceDefinitionVersion,
  versionPath: string,
): FieldError[] {
  return additionalPrinterColumns.flatMap((column, index) => {
    const path = `${versionPath}.additionalPrinterColumns[${index}]`;
    const errors: FieldError[] = [];
    if (!column.name) errors.push(field.required(`${path}.name`));
    if (!columnTypes.includes(column.type)) {
      errors.push(field.invalid(`${path}.type`, column.type, `must be one of ${columnTypes.join(',')}`));
    }
    if (!column.jsonPath) errors.push(field.required(`${path}.JSONPath`));
    else errors.push(...jsonPathErrors(`${path}.JSONPath`, column.jsonPath));
    return errors;
  });
}

function validateSelectable(
  { selectableFields = [] }: CustomResourceDefinitionVersion,
  versionPath: string,
): FieldError[] {
  return selectableFields.flatMap(({ jsonPath }, index) => {
    const path = `${versionPath}.selectableFields[${index}].jsonPath`;
    if (!jsonPath) return [field.required(path)];
    if (/^\.metadata(\.|$)/.test(jsonPath))
      return [field.invalid(path, jsonPath, 'must not point to fields in metadata')];
    return jsonPathErrors(path, jsonPath);
  });
}

function jsonPathErrors(path: string, jsonPath: string): FieldError[] {
  try {
    parseJsonPath(jsonPath);
    return [];
  } catch (error) {
    return [field.invalid(path, jsonPath, `is an invalid path: ${(error as Error).message}`)];
  }
}

function validateNames(names: CustomResourceDefinitionNames): FieldError[] {
  const errors: FieldError[] = [];
  const label = (name: string, value: string | undefined, mixedCase: boolean) => {
    const path = `spec.names.${name}`;
    if (!value) return errors.push(field.required(path));
    const found = mixedCase ? kindName(value) : dns1035Label(value);
    if (found.length > 0) errors.push(field.invalid(path, value, found.join(',')));
    return errors.length;
  };
  label('plural', names.plural, false);
  label('singular', names.singular, false);
  label('kind', names.kind, true);
  label('listKind', names.listKind, true);
  for (const list of ['shortNames', 'categories'] as const) {
    for (const [index, name] of (names[list] ?? []).entries()) {
      const found = dns1035Label(name);
      if (found.length > 0) errors.push(field.invalid(`spec.names.${list}[${index}]`, name, found.join(',')));
    }
  }
  if (names.kind && names.kind === names.listKind) {
    errors.push(field.invalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'));
  }
  return errors;
}

function validateConversion({ conversion }: CustomResourceDefinitionSpec): FieldError[] {
  const path = 'spec.conversion';
  const strategies = ['None', 'Webhook'];
  if (conversion === undefined) return [];
  if (!conversion.strategy) return [field.required(`${path}.strategy`)];
  if (!strategies.includes(conversion.strategy))
    return [field.notSupported(`${path}.strategy`, conversion.strategy, strategies)];
  if (conversion.strategy === 'None') {
    return conversion.webhook === undefined
      ? []
      : [field.forbidden(`${path}.webhook`, 'should not be set when strategy is not set to Webhook')];
  }
  const client = conversion.webhook?.clientConfig;
  if (client === undefined)
    return [field.required(`${path}.webhook.clientConfig`, 'required when strategy is set to Webhook')];
  if ((client.url === undefined) === (client.service === undefined)) {
    return [field.required(`${path}.webhook.clientConfig`, 'exactly one of url or service is required')];
  }
  return [];
}
