import { formatLabelSelector } from '@coracle/apimachinery/selectors';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicySpec } from '@coracle/apimachinery/types/networking-v1';
import { cidrWarnings } from '@coracle/apimachinery/validation';
import { specOf } from '../../shared/pod-template.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';
import { validateNetworkPolicy } from './validation.ts';

export const networkPolicyStrategy: Strategy<NetworkPolicy> = {
  resource: { group: 'networking.k8s.io', resource: 'networkpolicies' },
  defaults(object) {
    const spec = specOf(object);
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
    }
    if ((spec.policyTypes ?? []).length > 0) return;
    spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: (object, old) => validateNetworkPolicy(specOf(object), old?.spec),
  warnings: (object) => specWarnings(object.spec),
  table: {
    columns: [nameColumn, column('Pod-Selector', 'string', 'Pods that the policy is about'), ageColumn],
    row: (object, now) => [
      object.metadata?.name,
      formatLabelSelector(object.spec?.podSelector ?? {}),
      ageOf(object, now),
    ],
  },
};

function specWarnings(spec: NetworkPolicySpec | undefined): readonly string[] {
  return [
    ...(spec?.ingress ?? []).flatMap((rule, index) => peerWarnings(rule.from, `spec.ingress[${index}].from`)),
    ...(spec?.egress ?? []).flatMap((rule, index) => peerWarnings(rule.to, `spec.egress[${index}].to`)),
  ];
}

function peerWarnings(peers: readonly NetworkPolicyPeer[] | undefined, path: string): readonly string[] {
  return (peers ?? []).flatMap(({ ipBlock }, index) => {
    if (ipBlock === undefined) return [];
    const at = `${path}[${index}].ipBlock`;
    const except = (ipBlock.except ?? []).flatMap((cidr, position) => cidrWarnings(`${at}.except[${position}]`, cidr));
    return [...cidrWarnings(`${at}.cidr`, ipBlock.cidr), ...except];
  });
}
