import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '@coracle/apimachinery/types/flowcontrol-v1';
import { dns1123Label, dns1123Subdomain } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import type { Strategy } from '../shared/registry.ts';
import { specAndMetadata } from '../shared/status-resets.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';
import { mandatorySchemas } from '../../flowcontrol/bootstrap.ts';
import { validateConditionTypes } from './conditions.ts';
import { validateFixed } from './fixed.ts';
import { goFlowSchemaSpec } from './go-form.ts';

const precedenceMax = 10_000;
const precedenceDefault = 1000;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

export const flowSchemaStrategy: Strategy<FlowSchema> = {
  resource: { group: 'flowcontrol.apiserver.k8s.io', resource: 'flowschemas' },
  judgesNamesAgain: true,
  defaults(object) {
    const spec = specOf(object);
    spec.matchingPrecedence ||= precedenceDefault;
  },
  validate: (object) => [
    ...validateSpec(object.metadata?.name ?? '', specOf(object), 'spec'),
    ...validateFixed(object, mandatorySchemas(), () => goFlowSchemaSpec(specOf(object)), ''),
  ],
  table: {
    columns: [
      nameColumn,
      column('PriorityLevel', 'string', 'Level that the requests get'),
      column('MatchingPrecedence', 'string', 'The lowest that matches counts'),
      column('DistinguisherMethod', 'string', 'What makes requests one flow'),
      ageColumn,
      column('MissingPL', 'string', 'Whether there is no such level'),
    ],
    row: (object, now) => [
      object.metadata?.name,
      object.spec?.priorityLevelConfiguration?.name,
      object.spec?.matchingPrecedence ?? 0,
      object.spec?.distinguisherMethod?.type ?? '<none>',
      ageOf(object, now),
      object.status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    ],
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: specAndMetadata,
      validateUpdate: (object) => validateConditionTypes(object.status?.conditions ?? []),
    },
  },
};

/** pkg/apis/flowcontrol/validation.ValidateFlowSchemaSpec */
function validateSpec(name: string, spec: FlowSchemaSpec, path: string): FieldError[] {
  const { matchingPrecedence: precedence = 0, distinguisherMethod, priorityLevelConfiguration: level } = spec;
  const errors: FieldError[] = [];
  const problem = (text: string) => errors.push(field.invalid(`${path}.matchingPrecedence`, precedence, text));
  if (precedence <= 0) problem('must be a positive value');
  if (precedence > precedenceMax) problem(`must not be greater than ${precedenceMax}`);
  if (precedence === 1 && name !== 'exempt') problem("only the schema named 'exempt' may have matchingPrecedence 1");
  if (distinguisherMethod !== undefined && !['ByNamespace', 'ByUser'].includes(distinguisherMethod.type)) {
    errors.push(
      field.notSupported(`${path}.distinguisherMethod.type`, { Type: distinguisherMethod.type }, [
        'ByNamespace',
        'ByUser',
      ]),
    );
  }
  const at = `${path}.priorityLevelConfiguration.name`;
  if (!level?.name) errors.push(field.required(at, 'must reference a priority level'));
  else errors.push(...dns1123Subdomain(level.name).map((text) => field.invalid(at, level.name, text)));
  return [...errors, ...(spec.rules ?? []).flatMap((rule, index) => validateRule(rule, `${path}.rules[${index}]`))];
}

function validateRule(rule: PolicyRulesWithSubjects, path: string): FieldError[] {
  const { resourceRules = [], nonResourceRules = [] } = rule;
  const subjects = rule.subjects ?? [];
  const errors = subjects.flatMap((subject, index) => validateSubject(subject, `${path}.subjects[${index}]`));
  if (subjects.length === 0)
    errors.push(field.required(`${path}.subjects`, 'subjects must contain at least one value'));
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(field.required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((entry, index) => validateResourceRule(entry, `${path}.resourceRules[${index}]`)),
    ...nonResourceRules.flatMap((entry, index) => validateNonResourceRule(entry, `${path}.nonResourceRules[${index}]`)),
  ];
}

const fieldOfKind = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

function validateSubject(subject: Subject, path: string): FieldError[] {
  const kinds = Object.keys(fieldOfKind) as (keyof typeof fieldOfKind)[];
  const kind = kinds.find((name) => name === subject.kind);
  if (kind === undefined) return [field.notSupported(`${path}.kind`, subject.kind ?? '', [...kinds].sort())];
  const errors = validateNamed(subject, kind, `${path}.${fieldOfKind[kind]}`);
  for (const other of kinds) {
    const name = fieldOfKind[other];
    if (other === kind || subject[name] === undefined) continue;
    errors.push(field.forbidden(`${path}.${name}`, `${name} is forbidden when subject kind is not '${other}'`));
  }
  return errors;
}

function validateNamed(subject: Subject, kind: keyof typeof fieldOfKind, path: string): FieldError[] {
  const named = subject[fieldOfKind[kind]];
  if (named === undefined) {
    return [field.required(path, `${fieldOfKind[kind]} is required when subject kind is '${kind}'`)];
  }
  const errors: FieldError[] = named.name ? [] : [field.required(`${path}.name`)];
  if (kind !== 'ServiceAccount') return errors;
  const { name = '', namespace = '' } =
    subject.serviceAccount ?? ({} as Partial<NonNullable<Subject['serviceAccount']>>);
  if (name !== '' && name !== '*') {
    errors.push(...dns1123Subdomain(name).map((text) => field.invalid(`${path}.name`, name, text)));
  }
  const at = `${path}.namespace`;
  if (namespace === '') return [...errors, field.required(at, 'must specify namespace for service account')];
  return [...errors, ...dns1123Label(namespace).map((text) => field.invalid(at, namespace, text))];
}

/** A list that is not empty, where `*` stands alone. Stored lists that are empty can be null. */
function validateList(
  entries: readonly string[] | undefined,
  path: string,
  missing: string,
  what: string,
): FieldError[] {
  const list = entries ?? [];
  if (list.length === 0) return [field.required(path, missing)];
  if (!list.includes('*') || list.length === 1) return [];
  return [field.invalid(path, list, `if '*' is present, must not specify other ${what}`)];
}

function validateVerbs(entries: readonly string[] | undefined, path: string): FieldError[] {
  const list = entries ?? [];
  const errors = validateList(list, path, 'verbs must contain at least one value', 'verbs');
  if (errors.length > 0 || list.includes('*') || list.every((verb) => verbs.includes(verb))) return errors;
  return [field.notSupported(path, list, verbs)];
}

function validateNonResourceRule(rule: NonResourcePolicyRule, path: string): FieldError[] {
  const nonResourceURLs = rule.nonResourceURLs ?? [];
  const at = `${path}.nonResourceURLs`;
  const missing = 'nonResourceURLs must contain at least one value';
  const urls = validateList(nonResourceURLs, at, missing, 'non-resource URLs');
  if (urls.length === 0 && !nonResourceURLs.includes('*')) {
    for (const [index, url] of nonResourceURLs.entries()) {
      const problem = urlProblem(url);
      if (problem !== undefined) urls.push(field.invalid(`${at}[${index}]`, url, problem));
    }
  }
  return [...validateVerbs(rule.verbs, `${path}.verbs`), ...urls];
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const star = url.indexOf('*');
  return star < 0 || (star === url.length - 1 && url.endsWith('/*'))
    ? undefined
    : 'wildcard can only do suffix matching';
}

function validateResourceRule(rule: ResourcePolicyRule, path: string): FieldError[] {
  const { apiGroups, resources, clusterScope = false } = rule;
  const namespaces = rule.namespaces ?? [];
  const errors = validateVerbs(rule.verbs, `${path}.verbs`);
  const ruleNeeds = (what: string) => `resource rules must supply at least one ${what}`;
  errors.push(...validateList(apiGroups, `${path}.apiGroups`, ruleNeeds('api group'), 'api groups'));
  errors.push(...validateList(resources, `${path}.resources`, ruleNeeds('resource'), 'resources'));
  const at = `${path}.namespaces`;
  if (namespaces.length === 0) {
    if (clusterScope) return errors;
    const text = 'resource rules that are not cluster scoped must supply at least one namespace';
    return [...errors, field.required(at, text)];
  }
  if (namespaces.includes('*')) return [...errors, ...validateList(namespaces, at, '', 'namespaces')];
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  for (const [index, name] of namespaces.entries()) {
    errors.push(...dns1123Label(name).map((text) => field.invalid(`${at}[${index}]`, name, intro + text)));
  }
  return errors;
}
