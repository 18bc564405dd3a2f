import type { Ingress, IngressRule } from '@coracle/apimachinery/types/networking-v1';
import { ipWarnings } from '@coracle/apimachinery/validation';
import { specOf } from '../../shared/pod-template.ts';
import type { Strategy, TableStrategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn, orNone } from '../../shared/table.ts';
import { classAnnotation, validateClassAnnotation, validateIngressSpec, validateIngressStatus } from './validation.ts';

const shownHostsMax = 3;

const table: TableStrategy<Ingress> = {
  columns: [
    nameColumn,
    column('Class', 'string', 'Class of the controller that serves it'),
    column('Hosts', 'string', 'Host names of the rules'),
    column('Address', 'string', 'Addresses it is reached at'),
    column('Ports', 'string', 'Ports it is reached at'),
    ageColumn,
  ],
  row: (ingress, now) => [
    ingress.metadata?.name,
    orNone(ingress.spec?.ingressClassName),
    hostsText(ingress.spec?.rules ?? []),
    addressText(ingress),
    (ingress.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
    ageOf(ingress, now),
  ],
};

function hostsText(rules: readonly IngressRule[]): string {
  const hosts = rules.map(({ host }) => host).filter((host) => host !== undefined && host !== '');
  if (hosts.length === 0) return '*';
  const shown = hosts.slice(0, shownHostsMax).join(',');
  return hosts.length > shownHostsMax ? `${shown} + ${rules.length - shownHostsMax} more...` : shown;
}

function addressText({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  return [...new Set(addresses)]
    .filter((address) => address !== '')
    .sort()
    .join(',');
}

export const ingressStrategy: Strategy<Ingress> = {
  resource: { group: 'networking.k8s.io', resource: 'ingresses' },
  defaults: (object) => void specOf(object),
  validate: (object, old) => [
    ...validateIngressSpec(specOf(object), old?.spec),
    ...(old === undefined ? validateClassAnnotation(object) : []),
  ],
  warnings(object, old) {
    const annotated = object.metadata?.annotations?.[classAnnotation] !== undefined;
    if (old !== undefined || !annotated || object.spec?.ingressClassName !== undefined) return [];
    return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
  table,
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec']],
      validateUpdate: (object, old) => validateIngressStatus(object.status, old.status),
      warnings: ({ status }) =>
        (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) =>
          ip ? ipWarnings(`status.loadBalancer.ingress[${index}]`, ip) : [],
        ),
    },
  },
};
