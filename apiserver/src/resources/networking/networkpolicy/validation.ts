import { type FieldError, field } from '@coracle/apimachinery/errors';
import type {
  IPBlock,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '@coracle/apimachinery/types/networking-v1';
import {
  cidrContains,
  parseCidr,
  portName,
  portNumber,
  validateLabelSelector,
  validateLegacyCidr,
} from '@coracle/apimachinery/validation';

/** What an update may keep although it is invalid, since it was stored before the rule was. */
interface Tolerated {
  readonly invalidSelectors: boolean;
  readonly cidrs: readonly string[];
}

/** pkg/apis/networking/validation.ValidateNetworkPolicySpec */
export function validateNetworkPolicy(spec: NetworkPolicySpec, old: NetworkPolicySpec | undefined): FieldError[] {
  const tolerated: Tolerated = {
    invalidSelectors: old !== undefined && validateLabelSelector(old.podSelector, '').length > 0,
    cidrs:
      old === undefined ? [] : peersOf(old).flatMap(({ ipBlock }) => [ipBlock?.cidr ?? '', ...(ipBlock?.except ?? [])]),
  };
  const errors = validateSelector(spec.podSelector, 'spec.podSelector', tolerated);
  for (const [index, { ports, from }] of (spec.ingress ?? []).entries()) {
    errors.push(...validatePorts(ports ?? [], `spec.ingress[${index}].ports`));
    errors.push(...validatePeers(from ?? [], `spec.ingress[${index}].from`, tolerated));
  }
  for (const [index, { ports, to }] of (spec.egress ?? []).entries()) {
    errors.push(...validatePorts(ports ?? [], `spec.egress[${index}].ports`));
    errors.push(...validatePeers(to ?? [], `spec.egress[${index}].to`, tolerated));
  }
  const types = spec.policyTypes ?? [];
  if (types.length > 2) {
    return [...errors, field.invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  for (const [index, type] of types.entries()) {
    if (type !== 'Ingress' && type !== 'Egress') {
      errors.push(field.notSupported(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']));
    }
  }
  return errors;
}

function peersOf(spec: NetworkPolicySpec): NetworkPolicyPeer[] {
  return [
    ...(spec.ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(spec.egress ?? []).flatMap(({ to }) => to ?? []),
  ];
}

type Selector = Parameters<typeof validateLabelSelector>[0];

function validateSelector(selector: Selector, path: string, tolerated: Tolerated): FieldError[] {
  return validateLabelSelector(selector, path, { allowInvalidValues: tolerated.invalidSelectors });
}

function validatePorts(ports: readonly NetworkPolicyPort[], path: string): FieldError[] {
  return ports.flatMap((port, index) => validatePort(port, `${path}[${index}]`));
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !['TCP', 'UDP', 'SCTP'].includes(protocol)) {
    errors.push(field.notSupported(`${path}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']));
  }
  const problem = (text: string) => errors.push(field.invalid(`${path}.endPort`, endPort, text));
  if (port === undefined) {
    if (endPort !== undefined) problem('may not be specified when `port` is not specified');
  } else if (typeof port === 'string') {
    if (endPort !== undefined) problem('may not be specified when `port` is non-numeric');
    for (const text of portName(port)) errors.push(field.invalid(`${path}.port`, port, text));
  } else {
    for (const text of portNumber(port)) errors.push(field.invalid(`${path}.port`, port, text));
    if (endPort === undefined) return errors;
    if (endPort < port) problem('must be greater than or equal to `port`');
    for (const text of portNumber(endPort)) problem(text);
  }
  return errors;
}

function validatePeers(peers: readonly NetworkPolicyPeer[], path: string, tolerated: Tolerated): FieldError[] {
  return peers.flatMap((peer, index) => validatePeer(peer, `${path}[${index}]`, tolerated));
}

function validatePeer(peer: NetworkPolicyPeer, path: string, tolerated: Tolerated): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = validateSelector(podSelector, `${path}.podSelector`, tolerated);
  errors.push(...validateSelector(namespaceSelector, `${path}.namespaceSelector`, tolerated));
  if (ipBlock !== undefined) errors.push(...validateIpBlock(ipBlock, `${path}.ipBlock`, tolerated));
  const selects = podSelector !== undefined || namespaceSelector !== undefined;
  if (!selects && ipBlock === undefined) errors.push(field.required(path, 'must specify a peer'));
  if (selects && ipBlock !== undefined) {
    errors.push(field.forbidden(path, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateIpBlock({ cidr, except = [] }: IPBlock, path: string, tolerated: Tolerated): FieldError[] {
  if (!cidr) return [field.required(`${path}.cidr`)];
  const errors = [...validateLegacyCidr(`${path}.cidr`, cidr, tolerated.cidrs)];
  const range = parseCidr(cidr, true);
  if (range === undefined) return errors;
  for (const [index, text] of except.entries()) {
    const at = `${path}.except[${index}]`;
    errors.push(...validateLegacyCidr(at, text, tolerated.cidrs));
    const excluded = parseCidr(text, true);
    if (excluded === undefined) continue;
    if (!cidrContains(range, excluded.address) || range.prefixLength >= excluded.prefixLength) {
      errors.push(field.invalid(at, text, 'must be a strict subset of `cidr`'));
    }
  }
  return errors;
}
