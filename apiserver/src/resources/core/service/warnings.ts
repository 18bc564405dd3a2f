import type { Service, ServiceSpec } from '@coracle/apimachinery/types/core-v1';
import { cidrWarnings, ipWarnings } from '@coracle/apimachinery/validation';

/** `Warning` headers for Services that are valid and have fields that do nothing (pkg/api/service/warnings.go). */
export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const { type, clusterIP, clusterIPs = [], externalIPs = [], externalName, loadBalancerIP } = spec;
  const headless = type === 'ClusterIP' && clusterIP === 'None';
  const external = type === 'ExternalName';
  return [
    ...told(
      metadata?.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined,
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    ),
    ...(clusterIP && clusterIP !== 'None'
      ? clusterIPs.flatMap((ip, index) => ipWarnings(`spec.clusterIPs[${index}]`, ip))
      : []),
    ...(headless ? headlessWarnings(spec) : []),
    ...externalIPs.flatMap((ip, index) => ipWarnings(`spec.externalIPs[${index}]`, ip)),
    ...told(
      externalIPs.length > 0 && !headless && !external,
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ),
    ...(loadBalancerIP ? ipWarnings('spec.loadBalancerIP', loadBalancerIP) : []),
    ...(spec.loadBalancerSourceRanges ?? []).flatMap((cidr, index) =>
      cidrWarnings(`spec.loadBalancerSourceRanges[${index}]`, cidr),
    ),
    ...told(externalIPs.length > 0 && external, 'spec.externalIPs is ignored when spec.type is "ExternalName"'),
    ...told(Boolean(externalName) && !external, 'spec.externalName is ignored when spec.type is not "ExternalName"'),
    ...told(
      spec.trafficDistribution === 'PreferClose',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ),
  ];
}

function headlessWarnings({ loadBalancerIP, externalIPs = [], sessionAffinity }: ServiceSpec): string[] {
  return [
    ...told(Boolean(loadBalancerIP), 'spec.loadBalancerIP is ignored for headless services'),
    ...told(externalIPs.length > 0, 'spec.externalIPs is ignored for headless services'),
    ...told(sessionAffinity !== 'None', 'spec.SessionAffinity is ignored for headless services'),
  ];
}

function told(applies: boolean, text: string): string[] {
  return applies ? [text] : [];
}
