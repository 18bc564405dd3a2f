import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { ClusterRoleBinding, RoleBinding, Subject } from '@coracle/apimachinery/types/rbac-v1';
import { dns1123Subdomain, nameIsPathSegment, validateImmutable } from '@coracle/apimachinery/validation';
import { checkBindingEscalation } from '../../auth/index.ts';
import { isMissing, isNotMissing, missingLast } from '../shared/declared.ts';
import { validateSegment } from '../shared/domain-path.ts';
import type { Strategy, TableStrategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn, wideColumn } from '../shared/table.ts';
import { onlyBookkeeping } from '../shared/bookkeeping.ts';

type Binding = RoleBinding | ClusterRoleBinding;

const rbacGroup = 'rbac.authorization.k8s.io';

const table: TableStrategy<Binding> = {
  columns: [
    nameColumn,
    column('Role', 'string', 'The role that is given'),
    ageColumn,
    wideColumn('Users', 'string', 'Users who have it'),
    wideColumn('Groups', 'string', 'Groups whose members have it'),
    wideColumn('ServiceAccounts', 'string', 'Service accounts that have it'),
  ],
  row(binding, now) {
    const subjects = binding.subjects ?? [];
    const names = (kind: string) => subjects.filter((subject) => subject.kind === kind).map(({ name }) => name);
    const accounts = subjects
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ name, namespace }) => (namespace ? `${namespace}/${name}` : `/${name}`));
    return [
      binding.metadata?.name,
      `${binding.roleRef?.kind}/${binding.roleRef?.name}`,
      ageOf(binding, now),
      names('User').join(', '),
      names('Group').join(', '),
      accounts.join(', '),
    ];
  },
};

function bindingStrategy<T extends Binding>(resource: string, namespaced: boolean): Strategy<T> {
  return {
    resource: { group: rbacGroup, resource },
    validateName: nameIsPathSegment,
    createOnUpdate: true,
    generation: 'none',
    defaults: setDefaults,
    prepareForCreate: (object, context) => checkBindingEscalation(context, object),
    prepareForUpdate: async (object, old, context) => {
      if (!onlyBookkeeping(object, old)) await checkBindingEscalation(context, object);
    },
    validate(object, old) {
      const errors = validateBinding(object, namespaced);
      return old === undefined ? errors : errors.filter(isNotMissing);
    },
    validateUpdate: (object, old) => [
      ...validateImmutable(object.roleRef, old.roleRef, 'roleRef'),
      ...validateBinding(object, namespaced).filter(isMissing),
    ],
    table,
  };
}

export const roleBindingStrategy = bindingStrategy<RoleBinding>('rolebindings', true);
export const clusterRoleBindingStrategy = bindingStrategy<ClusterRoleBinding>('clusterrolebindings', false);

function setDefaults(binding: Binding): void {
  binding.roleRef ??= { apiGroup: '', kind: '', name: '' };
  binding.roleRef.apiGroup ||= rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup;
  }
}

/** pkg/apis/rbac/validation.ValidateRoleBinding */
function validateBinding({ roleRef, subjects = [] }: Binding, namespaced: boolean): FieldError[] {
  const { apiGroup = '', kind = '', name } = roleRef ?? ({} as Partial<Binding['roleRef']>);
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const errors: FieldError[] = [];
  if (apiGroup !== rbacGroup) errors.push(field.notSupported('roleRef.apiGroup', apiGroup, [rbacGroup]));
  if (!kinds.includes(kind)) errors.push(field.notSupported('roleRef.kind', kind, kinds));
  const named = validateSegment(name, 'roleRef.name');
  errors.push(...named.filter(isNotMissing));
  return missingLast([
    ...errors,
    ...subjects.flatMap((subject, index) => validateSubject(subject, namespaced, `subjects[${index}]`)),
    ...named.filter(isMissing),
  ]);
}

function validateSubject(subject: Subject, namespaced: boolean, path: string): FieldError[] {
  const { kind = '', name = '', apiGroup = '', namespace = '' } = subject;
  const errors: FieldError[] = name === '' ? [field.required(`${path}.name`)] : [];
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...dns1123Subdomain(name).map((text) => field.invalid(`${path}.name`, name, text)));
    if (apiGroup !== '') errors.push(field.notSupported(`${path}.apiGroup`, apiGroup, ['']));
    if (!namespaced && namespace === '') errors.push(field.required(`${path}.namespace`));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== rbacGroup) errors.push(field.notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup]));
  } else {
    errors.push(field.notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}
