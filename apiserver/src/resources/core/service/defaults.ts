import type { Service } from '@coracle/apimachinery/types/core-v1';
import { isExternallyAccessible } from './predicates.ts';

const affinitySecondsDefault = 10_800;

/** pkg/apis/core/v1/defaults.go SetDefaults_Service; protocols of ports come from the schema. */
export function setServiceDefaults(service: Service): void {
  const spec = (service.spec ??= {});
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySecondsDefault } };
  }
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) port.targetPort ||= port.port;
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}
