import { oneOfErrors } from '../../shared/field-rules.ts';
import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { Service, ServicePort, ServiceSpec } from '@coracle/apimachinery/types/core-v1';
import {
  dns1123Label,
  dns1123Subdomain,
  inRange,
  parseIp,
  portName,
  portNumber,
  qualifiedName,
  validateLabels,
  validateLegacyCidr,
  validateLegacyIp,
} from '@coracle/apimachinery/validation';
import { endpointIpErrors, portProtocols } from '../../shared/network.ts';
import { isExternallyAccessible, isHeadless, needsHealthCheckPort, specOf } from './predicates.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const trafficPolicies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const topologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';
const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const affinitySecondsMax = 86_400;

/** pkg/apis/core/validation validateService; addresses and ports that are still to be taken are not missed. */
export function serviceErrors(service: Service, old: Service | undefined): FieldError[] {
  const spec = specOf(service);
  const before = old && specOf(old);
  return [
    ...topologyErrors(service),
    ...typeErrors(spec),
    ...portErrors(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...affinityErrors(spec),
    ...clusterIpErrors(spec, before),
    ...externalIpErrors(spec, before),
    ...oneOfErrors(spec.type, types, 'spec.type'),
    ...nodePortErrors(spec),
    ...sourceRangeErrors(service, old),
    ...nodePortAllocationErrors(spec),
    // Of an update they are told with what may not change.
    ...(before === undefined ? loadBalancerClassErrors(spec, undefined) : []),
    ...trafficErrors(spec),
  ];
}

export function serviceUpdateErrors(service: Service, old: Service): FieldError[] {
  const spec = specOf(service);
  const before = specOf(old);
  const errors = [
    ...clusterIpUpdateErrors(spec, before),
    ...familyUpdateErrors(spec, before),
    ...loadBalancerClassErrors(spec, before),
  ];
  if (
    needsHealthCheckPort(before) &&
    needsHealthCheckPort(spec) &&
    spec.healthCheckNodePort !== before.healthCheckNodePort
  ) {
    errors.push(field.forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  return errors;
}

/** The rules that must hold before families are settled, too. */
export function clusterIpErrors(spec: ServiceSpec, before: ServiceSpec | undefined): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const path = 'spec.clusterIPs';
  const ips = spec.clusterIPs ?? [];
  const errors: FieldError[] = [];
  if (spec.clusterIP) {
    if (ips.length === 0) errors.push(field.required(path));
    else if (ips[0] !== spec.clusterIP) errors.push(field.invalid(path, ips, 'first value must match `clusterIP`'));
  } else if (ips.length > 0) {
    errors.push(field.invalid(path, ips, 'must be empty when `clusterIP` is not specified'));
  }
  const ipFamilies = spec.ipFamilies ?? [];
  for (const [index, family] of ipFamilies.entries()) {
    if (!families.includes(family)) errors.push(field.notSupported(`spec.ipFamilies[${index}]`, family, families));
    if (ipFamilies.indexOf(family) < index) errors.push(field.duplicate(`spec.ipFamilies[${index}]`, family));
  }
  if (spec.ipFamilyPolicy !== undefined)
    errors.push(...oneOfErrors(spec.ipFamilyPolicy, policies, 'spec.ipFamilyPolicy'));
  const formErrors = ips.flatMap((ip, index) => {
    if (index > 0 || ip !== 'None') return validateLegacyIp(`${path}[${index}]`, ip, before?.clusterIPs);
    return ips.length > 1 ? [field.invalid(path, ips, "'None' must be the first and only value")] : [];
  });
  errors.push(...formErrors);
  if (ips.length > 2) errors.push(field.invalid(path, ips, 'may only hold up to 2 values'));
  if (formErrors.length > 0) return errors;
  const versions = ips.map((ip) => parseIp(ip, true)?.family);
  if (ips.length > 1 && new Set(versions).size !== 2) {
    errors.push(field.invalid(path, ips, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  for (const [index, version] of versions.entries()) {
    const family = ipFamilies[index];
    if (family === undefined || family === `IPv${version}`) continue;
    if (!families.includes(family)) continue;
    errors.push(
      field.invalid(
        `${path}[${index}]`,
        ips[index],
        `expected an ${family} value as indicated by \`ipFamilies[${index}]\``,
      ),
    );
  }
  return errors;
}

function topologyErrors({ metadata }: Service): FieldError[] {
  const mode = metadata?.annotations?.[topologyMode];
  const hints = metadata?.annotations?.[topologyHints];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  const text = `must match annotations[${topologyHints}] when both are specified`;
  return [field.invalid(`metadata.annotations[${topologyMode}]`, mode, text)];
}

function typeErrors(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName')
    errors.push(field.required('spec.ports'));
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    const text = `may not be set to 'None' for ${spec.type} services`;
    errors.push(field.invalid('spec.clusterIPs[0]', 'None', text));
  }
  if (spec.type !== 'ExternalName') return errors;
  const text = 'may not be set for ExternalName services';
  if (spec.clusterIPs?.length) errors.push(field.forbidden('spec.clusterIPs', text));
  if (spec.ipFamilies?.length) errors.push(field.forbidden('spec.ipFamilies', text));
  if (spec.ipFamilyPolicy !== undefined) errors.push(field.forbidden('spec.ipFamilyPolicy', text));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') errors.push(field.required('spec.externalName'));
  else errors.push(...dns1123Subdomain(name).map((finding) => field.invalid('spec.externalName', name, finding)));
  return errors;
}

function portErrors(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  return ports.flatMap((port, index) => onePortErrors(port, ports.length > 1, names, `spec.ports[${index}]`));
}

function onePortErrors(port: ServicePort, named: boolean, names: Set<string>, path: string): FieldError[] {
  const { name = '', protocol = '', targetPort, appProtocol } = port;
  const errors: FieldError[] = [];
  if (name === '') {
    if (named) errors.push(field.required(`${path}.name`));
  } else {
    errors.push(...dns1123Label(name).map((text) => field.invalid(`${path}.name`, name, text)));
    if (names.has(name)) errors.push(field.duplicate(`${path}.name`, name));
    names.add(name);
  }
  errors.push(...portNumber(port.port).map((text) => field.invalid(`${path}.port`, port.port, text)));
  errors.push(...oneOfErrors(protocol, portProtocols, `${path}.protocol`));
  if (targetPort !== undefined) {
    const findings = typeof targetPort === 'number' ? portNumber(targetPort) : portName(targetPort);
    errors.push(...findings.map((text) => field.invalid(`${path}.targetPort`, targetPort, text)));
  }
  if (appProtocol !== undefined) {
    errors.push(...qualifiedName(appProtocol).map((text) => field.invalid(`${path}.appProtocol`, appProtocol, text)));
  }
  return errors;
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const errors = oneOfErrors(sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity');
  const path = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && sessionAffinityConfig) {
    errors.push(field.forbidden(path, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return errors;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined) {
    errors.push(field.required(`${path}.clientIP.timeoutSeconds`, 'when session affinity type is ClientIP'));
  } else if (seconds <= 0 || seconds > affinitySecondsMax) {
    const text = `must be greater than 0 and less than ${affinitySecondsMax}`;
    errors.push(field.invalid(`${path}.clientIP.timeoutSeconds`, seconds, text));
  }
  return errors;
}

function externalIpErrors({ externalIPs }: ServiceSpec, before: ServiceSpec | undefined): FieldError[] {
  return (externalIPs ?? []).flatMap((ip, index) => {
    const path = `spec.externalIPs[${index}]`;
    const errors = validateLegacyIp(path, ip, before?.externalIPs);
    return errors.length > 0 ? errors : endpointIpErrors(ip, path);
  });
}

function nodePortErrors({ type, ports = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const nodePorts = new Set<string>();
  const numbers = new Set<string>();
  for (const [index, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    const path = `spec.ports[${index}].nodePort`;
    if (type === 'ClusterIP') errors.push(field.forbidden(path, "may not be used when `type` is 'ClusterIP'"));
    if (nodePorts.has(`${protocol}/${nodePort}`)) errors.push(field.duplicate(path, nodePort));
    nodePorts.add(`${protocol}/${nodePort}`);
  }
  for (const [index, { port, protocol }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    if (numbers.has(key)) errors.push(field.duplicate(`spec.ports[${index}]`, { protocol, port, targetPort: 0 }));
    numbers.add(key);
  }
  return errors;
}

function sourceRangeErrors({ metadata, ...service }: Service, old: Service | undefined): FieldError[] {
  const { type, loadBalancerSourceRanges = [] } = specOf(service);
  const forbidden = (path: string) =>
    type === 'LoadBalancer' ? [] : [field.forbidden(path, "may only be used when `type` is 'LoadBalancer'")];
  if (loadBalancerSourceRanges.length > 0) {
    const path = 'spec.LoadBalancerSourceRanges';
    const known = (old?.spec?.loadBalancerSourceRanges ?? []).map((cidr) => cidr.trim());
    const errors = loadBalancerSourceRanges.flatMap((cidr, index) =>
      validateLegacyCidr(`${path}[${index}]`, cidr.trim(), known),
    );
    return [...forbidden(path), ...errors];
  }
  const annotation = metadata?.annotations?.[sourceRanges];
  if (annotation === undefined) return [];
  const path = `metadata.annotations[${sourceRanges}]`;
  const unchanged = old?.metadata?.annotations?.[sourceRanges] === annotation;
  const cidrs = unchanged || annotation.trim() === '' ? [] : annotation.trim().split(',');
  return [...forbidden(path), ...cidrs.flatMap((cidr) => validateLegacyCidr(path, cidr.trim()))];
}

const forBalancersOnly = "may only be used when `type` is 'LoadBalancer'";

function nodePortAllocationErrors({ type, allocateLoadBalancerNodePorts: allocates }: ServiceSpec): FieldError[] {
  if (type === 'LoadBalancer') return allocates === undefined ? [field.required('allocateLoadBalancerNodePorts')] : [];
  return allocates === undefined ? [] : [field.forbidden('spec.allocateLoadBalancerNodePorts', forBalancersOnly)];
}

function loadBalancerClassErrors(
  { type, loadBalancerClass }: ServiceSpec,
  before: ServiceSpec | undefined,
): FieldError[] {
  const path = 'spec.loadBalancerClass';
  if (type !== 'LoadBalancer') return loadBalancerClass === undefined ? [] : [field.forbidden(path, forBalancersOnly)];
  const isOther = before?.type === 'LoadBalancer' && loadBalancerClass !== before.loadBalancerClass;
  return [
    ...(isOther ? [field.invalid(path, loadBalancerClass, 'may not change once set')] : []),
    ...(loadBalancerClass === undefined ? [] : qualifiedName(loadBalancerClass)).map((text) =>
      field.invalid(path, loadBalancerClass, text),
    ),
  ];
}

function trafficErrors(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const external = spec.externalTrafficPolicy;
  if (isExternallyAccessible(spec))
    errors.push(...oneOfErrors(external, trafficPolicies, 'spec.externalTrafficPolicy'));
  else if (external) {
    errors.push(
      field.invalid('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'),
    );
  }
  const { healthCheckNodePort: port } = spec;
  if (port) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    const findings = needsHealthCheckPort(spec) ? inRange(port, 1, 65_535) : [text];
    errors.push(...findings.map((finding) => field.invalid('spec.healthCheckNodePort', port, finding)));
  }
  if (
    spec.internalTrafficPolicy !== undefined ||
    (spec.type && spec.type !== 'ExternalName' && types.includes(spec.type))
  ) {
    errors.push(...oneOfErrors(spec.internalTrafficPolicy, trafficPolicies, 'spec.internalTrafficPolicy'));
  }
  const { trafficDistribution } = spec;
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution)) {
    errors.push(field.notSupported('spec.trafficDistribution', trafficDistribution, distributions));
  }
  return errors;
}

function clusterIpUpdateErrors(spec: ServiceSpec, before: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return [];
  if (isHeadless(spec) && isHeadless(before)) return [];
  const ips = spec.clusterIPs ?? [];
  const old = before.clusterIPs ?? [];
  const changed = (index: number) => field.invalid(`spec.clusterIPs[${index}]`, ips, 'may not change once set');
  if (old.length === ips.length) return old.flatMap((ip, index) => (ip === ips[index] ? [] : [changed(index)]));
  const errors: FieldError[] = [];
  if (ips.length === 0) errors.push(field.invalid('spec.clusterIPs[0]', ips, 'primary clusterIP can not be unset'));
  else if (old.length > 0 && ips[0] !== old[0]) errors.push(changed(0));
  if (old.length > ips.length && ips.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(field.invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, text));
  }
  return errors;
}

function familyUpdateErrors(spec: ServiceSpec, before: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || before.type === 'ExternalName' || isHeadless(spec) || isHeadless(before))
    return [];
  const now = spec.ipFamilies ?? [];
  const old = before.ipFamilies ?? [];
  const path = 'spec.ipFamilies[0]';
  const changed = () => field.invalid(path, now, 'may not change once set');
  if (old.length === now.length) return old.flatMap((family, index) => (family === now[index] ? [] : [changed()]));
  const errors: FieldError[] = [];
  if (old.length > now.length && !spec.clusterIPs?.length)
    errors.push(field.invalid(path, now, 'primary ipFamily can not be unset'));
  if (old.length > 0 && now.length > 0 && now[0] !== old[0]) errors.push(changed());
  if (old.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const text = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(field.invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, text));
  }
  return errors;
}

export function serviceStatusErrors({ spec, status }: Service, old: Service): FieldError[] {
  const path = 'status.loadBalancer.ingress';
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec?.type !== 'LoadBalancer') {
    return ingress.length === 0 ? [] : [field.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const known = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return ingress.flatMap(({ ip, ipMode, hostname }, index) => {
    const at = `${path}[${index}]`;
    const errors = ip ? [...validateLegacyIp(`${at}.ip`, ip, known)] : [];
    if (ipMode === undefined) {
      if (ip) errors.push(field.required(`${at}.ipMode`, 'must be specified when `ip` is set'));
    } else if (!ip) {
      errors.push(field.forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
    } else if (ipMode !== 'VIP' && ipMode !== 'Proxy') {
      errors.push(field.notSupported(`${at}.ipMode`, ipMode, ['Proxy', 'VIP']));
    }
    if (!hostname) return errors;
    errors.push(...dns1123Subdomain(hostname).map((text) => field.invalid(`${at}.hostname`, hostname, text)));
    if (parseIp(hostname, true))
      errors.push(field.invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'));
    return errors;
  });
}
