import { type FieldError, field, invalid } from '@coracle/apimachinery/errors';
import type { Service, ServiceSpec } from '@coracle/apimachinery/types/core-v1';
import { parseCidr, parseIp } from '@coracle/apimachinery/validation';
import {
  isExternallyAccessible,
  isHeadless,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePort,
  nodePortsOf,
  sameList,
  specOf,
} from './predicates.ts';
import { clusterIpErrors } from './validation.ts';

export type IpFamily = 'IPv4' | 'IPv6';

/** Everything about addresses that can be said before any is taken (pkg/registry/core/service/storage). */
export function prepareServiceForCreate(service: Service, families: readonly IpFamily[]): void {
  delete service.status;
  const spec = (service.spec ??= {});
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  setFamilies(service, undefined, families);
  dropTrafficPolicy(spec);
}

export function prepareServiceForUpdate(service: Service, old: Service, families: readonly IpFamily[]): void {
  if (old.status === undefined) delete service.status;
  else service.status = structuredClone(old.status);
  const spec = (service.spec ??= {});
  const before = specOf(old);
  keepAllocated(spec, before);
  syncClusterIps(spec, before);
  setFamilies(service, old, families);
  dropWhatTheTypeNoLongerHas(service, before);
  dropTrafficPolicy(spec);
}

/** The families that ranges of cluster IPs exist for, the primary one first. */
export function familiesOf(cidrs: readonly string[]): readonly IpFamily[] {
  return [...new Set(cidrs.map((cidr): IpFamily => (parseCidr(cidr, true)?.address.family === 6 ? 'IPv6' : 'IPv4')))];
}

export function familyOfIp(text: string): IpFamily | 'unknown' {
  const ip = parseIp(text, true);
  return ip === undefined ? 'unknown' : ip.family === 4 ? 'IPv4' : 'IPv6';
}

/** A client that left out what it did not choose itself keeps what it was given. */
function keepAllocated(spec: ServiceSpec, before: ServiceSpec): void {
  if (needsClusterIp(before) && needsClusterIp(spec)) {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP;
    if (!spec.clusterIPs?.length && before.clusterIPs?.length) spec.clusterIPs = [...before.clusterIPs];
  }
  if (needsNodePort(before) && needsNodePort(spec)) {
    const wanted = new Set(nodePortsOf(spec));
    const old = new Map((before.ports ?? []).map(({ name = '', nodePort }) => [name, nodePort]));
    for (const port of spec.ports ?? []) {
      const known = old.get(port.name ?? '');
      if (!port.nodePort && known && !wanted.has(known)) port.nodePort = known;
    }
  }
  if (needsHealthCheckPort(before) && needsHealthCheckPort(spec) && before.healthCheckNodePort) {
    spec.healthCheckNodePort ||= before.healthCheckNodePort;
  }
}

/** `clusterIP` and `clusterIPs` change together where a client knows only one of them. */
function syncClusterIps(spec: ServiceSpec, before: ServiceSpec): void {
  if (before.clusterIPs?.length && !spec.clusterIPs?.length && before.clusterIP === spec.clusterIP) {
    spec.clusterIPs = [...before.clusterIPs];
  }
  if ((before.clusterIP ?? '') === (spec.clusterIP ?? '') || !sameList(before.clusterIPs, spec.clusterIPs)) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else delete spec.clusterIPs;
}

/** Settles `ipFamilyPolicy` and `ipFamilies`. Throws Invalid where they cannot be had. */
function setFamilies(service: Service, old: Service | undefined, configured: readonly IpFamily[]): void {
  const spec = specOf(service);
  const before = old && specOf(old);
  if (!needsClusterIp(spec) || keepsPreferDualStack(spec, before)) return;
  const bare = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= before?.ipFamilyPolicy ?? (bare ? 'RequireDualStack' : 'SingleStack');
  refuse(service, clusterIpErrors(spec, before));
  refuse(service, [...stackErrors(spec, before), ...addFamiliesOfIps(spec, configured)]);
  const [primary = 'IPv4'] = configured;
  if (!bare) refuse(service, configurationErrors(spec, configured));
  if (!spec.ipFamilies?.length) spec.ipFamilies = [primary];
  const mayHaveBoth = bare || configured.length === 2;
  if (spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1 && mayHaveBoth) {
    spec.ipFamilies.push(spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4');
  }
}

function refuse(service: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', errors);
}

/** An unchanged PreferDualStack service stays as it is, also after the cluster became dual-stack. */
function keepsPreferDualStack(spec: ServiceSpec, before: ServiceSpec | undefined): boolean {
  return (
    before !== undefined &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (before.ipFamilyPolicy === undefined || before.ipFamilyPolicy === 'PreferDualStack') &&
    before.type === spec.type &&
    sameList(before.clusterIPs, spec.clusterIPs) &&
    sameList(before.ipFamilies, spec.ipFamilies)
  );
}

function stackErrors(spec: ServiceSpec, before: ServiceSpec | undefined): FieldError[] {
  const path = 'spec.ipFamilyPolicy';
  const errors: FieldError[] = [];
  const add = (text: string) => errors.push(field.invalid(path, spec.ipFamilyPolicy, text));
  const single = spec.ipFamilyPolicy === 'SingleStack';
  if (before && single) {
    if (sameList(before.clusterIPs, spec.clusterIPs) && (spec.clusterIPs?.length ?? 0) > 1) spec.clusterIPs?.splice(1);
    if (sameList(before.ipFamilies, spec.ipFamilies) && (spec.ipFamilies?.length ?? 0) > 1) spec.ipFamilies?.splice(1);
  } else if (before) {
    if (reduced(spec.clusterIPs, before.clusterIPs)) add("must be 'SingleStack' to release the secondary cluster IP");
    if (reduced(spec.ipFamilies, before.ipFamilies)) add("must be 'SingleStack' to release the secondary IP family");
  }
  if (single && spec.clusterIPs?.length === 2) {
    add("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
  }
  if (single && spec.ipFamilies?.length === 2) {
    add("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
  }
  return errors;
}

function reduced(list: readonly string[] | undefined, before: readonly string[] | undefined): boolean {
  return list !== undefined && list.length > 0 && list.length < (before?.length ?? 0);
}

function addFamiliesOfIps(spec: ServiceSpec, configured: readonly IpFamily[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === 'None') break;
    if (index < (spec.ipFamilies?.length ?? 0)) continue;
    const family = familyOfIp(ip);
    if (configured.includes(family as IpFamily)) (spec.ipFamilies ??= []).push(family);
    else
      errors.push(
        field.invalid(`spec.clusterIPs[${index}]`, spec.clusterIPs, `${family} is not configured on this cluster`),
      );
  }
  return errors;
}

function configurationErrors(spec: ServiceSpec, configured: readonly IpFamily[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    const text = 'this cluster is not configured for dual-stack services';
    errors.push(field.invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, text));
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (configured.includes(family as IpFamily)) continue;
    errors.push(field.invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
  }
  return errors;
}

/** Fields that belonged to the old type only and were not touched go with it, so that changing `type` is enough. */
/** An alias of an external name has no endpoints whose traffic a policy could be about. */
function dropTrafficPolicy(spec: ServiceSpec): void {
  if (spec.type === 'ExternalName') delete spec.internalTrafficPolicy;
}

function dropWhatTheTypeNoLongerHas(service: Service, before: ServiceSpec): void {
  const spec = specOf(service);
  if (needsClusterIp(before) && !needsClusterIp(spec)) {
    if (spec.clusterIP === before.clusterIP && sameList(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameList(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (needsNodePort(before) && !needsNodePort(spec)) {
    const known = nodePortsOf(before);
    if (nodePortsOf(spec).every((port) => known.includes(port)))
      for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (
    needsHealthCheckPort(before) &&
    !needsHealthCheckPort(spec) &&
    spec.healthCheckNodePort === before.healthCheckNodePort
  ) {
    delete spec.healthCheckNodePort;
  }
  const balanced = before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer';
  if (balanced && spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) {
    delete spec.allocateLoadBalancerNodePorts;
  }
  if (balanced && spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass;
  if (
    isExternallyAccessible(before) &&
    !isExternallyAccessible(spec) &&
    spec.externalTrafficPolicy === before.externalTrafficPolicy
  ) {
    delete spec.externalTrafficPolicy;
  }
  if (spec.type !== 'LoadBalancer' && service.status) service.status.loadBalancer = {};
}
