import { field, type FieldError } from '@coracle/apimachinery/errors';
import type { APIService } from '@coracle/apimachinery/types/apiregistration-v1';
import { dns1035Label, dns1123Subdomain, pathSegmentName, portNumber } from '@coracle/apimachinery/validation';
import { humanAge } from '@coracle/apimachinery/quantity';
import type { Strategy, TableColumn } from '../registry/strategy.ts';

const servicePortDefault = 443;

/** Rules of APIService (kube-aggregator pkg/apis/apiregistration/validation). */
export const apiServiceStrategy: Strategy<APIService> = {
  unconditionalUpdate: false,
  resource: { group: 'apiregistration.k8s.io', resource: 'apiservices' },
  generation: 'none',
  validateName: apiServiceNameProblems,
  judgesNamesAgain: true,
  defaults({ spec }) {
    if (spec?.service !== undefined) spec.service.port ??= servicePortDefault;
  },
  prepareForCreate(object) {
    object.status = {};
    if (object.spec?.service === undefined)
      object.status.conditions = [localCondition(object.metadata?.creationTimestamp ?? null)];
  },
  validate: validateApiService,
  table: {
    columns: [
      column('Name', 'string', 'Version and group'),
      column('Service', 'string', 'Who serves it'),
      column('Available', 'string', 'Whether it can be reached'),
      column('Age', 'string', 'How long it has been there'),
    ],
    row(object, now) {
      const { service } = object.spec ?? {};
      return [
        object.metadata?.name ?? '',
        service === undefined ? 'Local' : `${service.namespace}/${service.name}`,
        availabilityText(object),
        humanAge(object.metadata?.creationTimestamp ?? undefined, now),
      ];
    },
  },
};

function column(name: string, type: TableColumn['type'], description: string): TableColumn {
  return { name, type, format: name === 'Name' ? 'name' : '', description, priority: 0 };
}

/** What a group version that this server serves itself says of itself. */
export function localCondition(lastTransitionTime: string | null) {
  return {
    type: 'Available',
    status: 'True',
    ...(lastTransitionTime === null ? {} : { lastTransitionTime }),
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
}

function availabilityText({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`;
}

function validateApiService({ spec = {} as NonNullable<APIService['spec']> }: APIService): FieldError[] {
  const errors: FieldError[] = [];
  const { group = '', version = '', service } = spec;
  if (group === '' && version !== 'v1') {
    errors.push(field.required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') for (const text of dns1123Subdomain(group)) errors.push(field.invalid('spec.group', group, text));
  for (const text of dns1035Label(version)) errors.push(field.invalid('spec.version', version, text));
  errors.push(...inRange('spec.groupPriorityMinimum', spec.groupPriorityMinimum ?? 0, 20_000));
  errors.push(...inRange('spec.versionPriority', spec.versionPriority ?? 0, 1000));
  if (service === undefined) return [...errors, ...localErrors(spec)];
  if (!service.namespace) errors.push(field.required('spec.service.namespace'));
  if (!service.name) errors.push(field.required('spec.service.name'));
  for (const text of portNumber(service.port ?? 0)) {
    errors.push(field.invalid('spec.service.port', service.port, `port is not valid: ${text}`));
  }
  if (spec.insecureSkipTLSVerify === true && spec.caBundle) {
    errors.push(field.invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
  }
  return errors;
}

/** It is named after what it serves. */
function apiServiceNameProblems(name: string, _prefix: boolean, { spec }: APIService): readonly string[] {
  const problems = pathSegmentName(name);
  if (problems.length > 0) return problems;
  const required = `${spec?.version ?? ''}.${spec?.group ?? ''}`;
  return name === required ? [] : [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(required)}`];
}

function inRange(path: string, value: number, max: number): FieldError[] {
  return value > 0 && value <= max ? [] : [field.invalid(path, value, `must be positive and less than ${max}`)];
}

function localErrors(spec: NonNullable<APIService['spec']>): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.caBundle) {
    errors.push(
      field.invalid('spec.caBundle', `${spec.caBundle.length} bytes`, 'local APIServices may not have a caBundle'),
    );
  }
  if (spec.insecureSkipTLSVerify === true) {
    errors.push(
      field.invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'),
    );
  }
  return errors;
}
