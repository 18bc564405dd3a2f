import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { TypedLocalObjectReference } from '@coracle/apimachinery/types/core-v1';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressStatus,
  IngressTLS,
} from '@coracle/apimachinery/types/networking-v1';
import {
  dns1123Label,
  dns1123Subdomain,
  parseIp,
  portName,
  portNumber,
  validateLegacyIp,
  wildcardDns1123Subdomain,
} from '@coracle/apimachinery/validation';
import { validateSegment } from '../../shared/domain-path.ts';

export const classAnnotation = 'kubernetes.io/ingress.class';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

export function validateClassAnnotation({ metadata, spec }: Ingress): FieldError[] {
  const value = metadata?.annotations?.[classAnnotation];
  if (value === undefined || spec?.ingressClassName === undefined || value === spec.ingressClassName) return [];
  const text = 'must match `ingressClassName` when both are specified';
  return [field.invalid(`annotations.${classAnnotation}`, value, text)];
}

/** pkg/apis/networking/validation.ValidateIngressSpec */
export function validateIngressSpec(spec: IngressSpec, old: IngressSpec | undefined): FieldError[] {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(field.invalid('spec', null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend !== undefined) errors.push(...validateBackend(defaultBackend, 'spec.defaultBackend'));
  for (const [index, rule] of rules.entries()) errors.push(...validateRule(rule, `spec.rules[${index}]`));
  const oldNames = (old?.tls ?? []).some(({ secretName }) => secretNameProblems(secretName).length > 0);
  for (const [index, entry] of tls.entries()) errors.push(...validateTls(entry, `spec.tls[${index}]`, oldNames));
  if (ingressClassName !== undefined) {
    for (const text of dns1123Subdomain(ingressClassName)) {
      errors.push(field.invalid('spec.ingressClassName', ingressClassName, text));
    }
  }
  return errors;
}

function validateHost(host: string, path: string): FieldError[] {
  const problems = host.includes('*') ? wildcardDns1123Subdomain(host) : dns1123Subdomain(host);
  return problems.map((text) => field.invalid(path, host, text));
}

function secretNameProblems(name: string | undefined): readonly string[] {
  return name ? dns1123Subdomain(name) : [];
}

function validateTls({ hosts = [], secretName }: IngressTLS, path: string, anyName: boolean): FieldError[] {
  const errors = hosts.flatMap((host, index) => validateHost(host, `${path}.hosts[${index}]`));
  if (anyName) return errors;
  return [
    ...errors,
    ...secretNameProblems(secretName).map((text) => field.invalid(`${path}.secretName`, secretName, text)),
  ];
}

function validateRule({ host = '', http }: IngressRule, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (host !== '') {
    if (parseIp(host, true) !== undefined) {
      errors.push(field.invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'));
    }
    errors.push(...validateHost(host, `${path}.host`));
  }
  if (http === undefined) return errors;
  const paths = http.paths ?? [];
  if (paths.length === 0) errors.push(field.required(`${path}.http.paths`));
  return [...errors, ...paths.flatMap((entry, index) => validatePath(entry, `${path}.http.paths[${index}]`))];
}

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, at: string): FieldError[] {
  if (pathType === undefined) return [field.required(`${at}.pathType`, 'pathType must be specified')];
  const errors: FieldError[] = [];
  const problem = (text: string) => errors.push(field.invalid(`${at}.path`, path, text));
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) problem('must be an absolute path');
    for (const part of ['//', '/./', '/../', '%2f', '%2F']) {
      if (path.includes(part)) problem(`must not contain '${part}'`);
    }
    for (const end of ['/..', '/.']) if (path.endsWith(end)) problem(`cannot end with '${end}'`);
  } else if (pathType === 'ImplementationSpecific') {
    if (path !== '' && !path.startsWith('/')) problem('must be an absolute path');
  } else {
    errors.push(field.notSupported(`${at}.pathType`, pathType, pathTypes));
  }
  return [...errors, ...validateBackend(backend ?? {}, `${at}.backend`)];
}

function validateBackend({ resource, service }: IngressBackend, path: string): FieldError[] {
  if (resource !== undefined && service !== undefined) {
    return [field.invalid(path, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return validateResourceReference(resource, `${path}.resource`);
  if (service !== undefined) return validateService(service, path);
  return [field.invalid(path, '', 'resource or service backend is required')];
}

function validateResourceReference({ apiGroup, kind, name }: TypedLocalObjectReference, path: string): FieldError[] {
  const group = apiGroup === undefined ? [] : dns1123Subdomain(apiGroup);
  return [
    ...group.map((text) => field.invalid(`${path}.apiGroup`, apiGroup, text)),
    ...validateSegment(kind, `${path}.kind`),
    ...validateSegment(name, `${path}.name`),
  ];
}

function validateService({ name, port = {} }: IngressServiceBackend, path: string): FieldError[] {
  const errors: FieldError[] = name
    ? dns1123Label(name).map((text) => field.invalid(`${path}.service.name`, name, text))
    : [field.required(`${path}.service.name`)];
  if (port.name && port.number) {
    errors.push(field.invalid(path, '', 'cannot set both port name & port number'));
  } else if (port.name) {
    errors.push(...portName(port.name).map((text) => field.invalid(`${path}.service.port.name`, port.name, text)));
  } else if (port.number) {
    errors.push(
      ...portNumber(port.number).map((text) => field.invalid(`${path}.service.port.number`, port.number, text)),
    );
  } else {
    errors.push(field.required(path, 'port name or number is required'));
  }
  return errors;
}

export function validateIngressStatus(status: IngressStatus | undefined, old: IngressStatus | undefined): FieldError[] {
  const known = (old?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const path = `status.loadBalancer.ingress[${index}]`;
    const errors = ip ? [...validateLegacyIp(`${path}.ip`, ip, known)] : [];
    if (!hostname) return errors;
    for (const text of dns1123Subdomain(hostname)) errors.push(field.invalid(`${path}.hostname`, hostname, text));
    if (parseIp(hostname, true) !== undefined) {
      errors.push(field.invalid(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'));
    }
    return errors;
  });
}
