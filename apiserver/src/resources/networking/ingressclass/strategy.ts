import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { IngressClass, IngressClassParametersReference } from '@coracle/apimachinery/types/networking-v1';
import { byteLength, dns1123Label, dns1123Subdomain, validateImmutable } from '@coracle/apimachinery/validation';
import { isMissing, isNotMissing } from '../../shared/declared.ts';
import { validateDomainPrefixedPath, validateSegment } from '../../shared/domain-path.ts';
import { specOf } from '../../shared/pod-template.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';

const controllerBytesMax = 250;
const defaultAnnotation = 'ingressclass.kubernetes.io/is-default-class';

export const ingressClassStrategy: Strategy<IngressClass> = {
  resource: { group: 'networking.k8s.io', resource: 'ingressclasses' },
  changesFirst: true,
  defaults(object) {
    const { parameters } = specOf(object);
    if (parameters !== undefined) parameters.scope ??= 'Cluster';
  },
  validate: (object) => validateSpec(object),
  validateUpdate: (object, old) =>
    validateImmutable(object.spec?.controller ?? '', old.spec?.controller ?? '', 'spec.controller'),
  table: {
    columns: [
      nameColumn,
      column('Controller', 'string', 'Controller of the class'),
      column('Parameters', 'string', 'Where its settings are'),
      ageColumn,
    ],
    row: (object, now) => [
      nameText(object),
      object.spec?.controller,
      parametersText(object.spec?.parameters),
      ageOf(object, now),
    ],
  },
};

function nameText({ metadata }: IngressClass): string {
  const isDefault = metadata?.annotations?.[defaultAnnotation] === 'true';
  return `${metadata?.name}${isDefault ? ' (default)' : ''}`;
}

function parametersText(parameters: IngressClassParametersReference | undefined): string {
  if (parameters === undefined) return '<none>';
  const { kind, apiGroup, name } = parameters;
  return `${kind}${apiGroup === undefined ? '' : `.${apiGroup}`}/${name}`;
}

function validateSpec({ spec }: IngressClass): FieldError[] {
  const controller = spec?.controller ?? '';
  const errors: FieldError[] = [];
  if (byteLength(controller) > controllerBytesMax) errors.push(field.tooLong('spec.controller', controllerBytesMax));
  errors.push(...validateDomainPrefixedPath(controller, 'spec.controller'));
  if (spec?.parameters !== undefined) errors.push(...validateParameters(spec.parameters, 'spec.parameters'));
  return errors;
}

function validateParameters(parameters: IngressClassParametersReference, path: string): FieldError[] {
  const { apiGroup, kind, name, scope, namespace } = parameters;
  const group = apiGroup === undefined ? [] : dns1123Subdomain(apiGroup);
  const errors = group.map((text) => field.invalid(`${path}.apiGroup`, apiGroup, text));
  const named = [...validateSegment(kind, `${path}.kind`), ...validateSegment(name, `${path}.name`)];
  errors.push(...named.filter(isNotMissing));
  errors.push(...validateScope(scope, namespace, path));
  return [...errors, ...named.filter(isMissing)];
}

function validateScope(scope: string | undefined, namespace: string | undefined, path: string): FieldError[] {
  if (scope === undefined) return [field.required(`${path}.scope`)];
  const errors: FieldError[] = [];
  const at = `${path}.namespace`;
  if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(field.forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  } else if (scope !== 'Namespace') {
    errors.push(field.notSupported(`${path}.scope`, scope, ['Cluster', 'Namespace']));
  } else if (namespace === undefined) {
    errors.push(field.required(at, "`parameters.scope` is set to 'Namespace'"));
  } else {
    errors.push(...dns1123Label(namespace).map((text) => field.invalid(at, namespace, text)));
  }
  return errors;
}
