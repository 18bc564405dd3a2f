import { type FieldError, field } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '@coracle/apimachinery/types/discovery-v1';
import {
  dns1123Label,
  dns1123Subdomain,
  ipWarnings,
  labelValue,
  parseIp,
  qualifiedName,
  validateIp,
  validateLabels,
  validateLegacyIp,
} from '@coracle/apimachinery/validation';
import { endpointIpErrors, portProtocols } from '../shared/network.ts';
import { unchanged } from '../shared/declared.ts';
import type { Strategy } from '../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../shared/table.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20_000;
const topologyLabelsMax = 16;
const hintsMax = 8;
const shownMax = 3;
const managers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

export const endpointSliceStrategy: Strategy<EndpointSlice> = {
  resource: { group: 'discovery.k8s.io', resource: 'endpointslices' },
  defaults(object) {
    for (const port of object.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  prepareForCreate: (object) => dropTopology(object, undefined),
  prepareForUpdate: (object, old) => dropTopology(object, old),
  generation: (object, old) =>
    !semanticEqual(withoutMetadata(object), withoutMetadata(old)) ||
    !semanticEqual(object.metadata?.labels, old.metadata?.labels),
  validate: validateEndpointSlice,
  validateUpdate: (object, old) => unchanged(object.addressType, old.addressType, 'addressType'),
  warnings(object, old) {
    const deprecated = old === undefined && object.addressType === 'FQDN';
    return [...(deprecated ? ['spec.addressType: FQDN endpoints are deprecated'] : []), ...addressWarnings(object)];
  },
  table: {
    columns: [
      nameColumn,
      column('AddressType', 'string', 'What the addresses are'),
      column('Ports', 'string', 'Ports of the endpoints'),
      column('Endpoints', 'string', 'Addresses of the endpoints'),
      ageColumn,
    ],
    row(object, now) {
      const ports = (object.ports ?? []).map(({ port, name }) => String(port ?? name ?? '*'));
      const addresses = (object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
      return [object.metadata?.name, object.addressType, listText(ports), listText(addresses), ageOf(object, now)];
    },
  },
};

function listText(items: readonly string[]): string {
  if (items.length === 0) return '<unset>';
  const shown = items.slice(0, shownMax).join(',');
  return items.length > shownMax ? `${shown} + ${items.length - shownMax} more...` : shown;
}

function withoutMetadata({ metadata: _, ...rest }: EndpointSlice): object {
  return rest;
}

/** Topology is a thing of the past: its zone moved to a field, the rest goes with the next change. */
function dropTopology(object: EndpointSlice, old: EndpointSlice | undefined): void {
  if (old !== undefined && semanticEqual(object.endpoints, old.endpoints)) return;
  for (const endpoint of object.endpoints ?? []) delete endpoint.deprecatedTopology;
}

function addressWarnings(object: EndpointSlice): readonly string[] {
  if (managers.includes(object.metadata?.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return [];
  return (object.endpoints ?? []).flatMap(({ addresses }, index) =>
    (addresses ?? []).flatMap((address, position) => ipWarnings(`endpoints[${index}].addresses[${position}]`, address)),
  );
}

/** pkg/apis/discovery/validation.ValidateEndpointSlice; endpoints that an update leaves alone are not checked again. */
function validateEndpointSlice(object: EndpointSlice, old: EndpointSlice | undefined): FieldError[] {
  const { addressType = '', ports, endpoints } = object;
  const errors: FieldError[] = [];
  if (addressType === '') errors.push(field.required('addressType'));
  else if (!addressTypes.includes(addressType))
    errors.push(field.notSupported('addressType', addressType, addressTypes));
  errors.push(...validatePorts(ports ?? [], 'ports'));
  if (old !== undefined && semanticEqual(old.endpoints, endpoints)) return errors;
  return [...errors, ...validateEndpoints(endpoints ?? [], addressType, 'endpoints')];
}

function validatePorts(ports: readonly EndpointPort[], path: string): FieldError[] {
  if (ports.length > portsMax) return [field.tooMany(path, ports.length, portsMax)];
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, index) => {
    const at = `${path}[${index}]`;
    const errors = (name === '' ? [] : dns1123Label(name)).map((text) => field.invalid(`${at}.name`, name, text));
    if (names.has(name)) errors.push(field.duplicate(`${at}.name`, name));
    names.add(name);
    if (protocol === undefined) errors.push(field.required(`${at}.protocol`));
    else if (!portProtocols.includes(protocol)) {
      errors.push(field.notSupported(`${at}.protocol`, protocol, portProtocols));
    }
    if (appProtocol === undefined) return errors;
    return [
      ...errors,
      ...qualifiedName(appProtocol).map((text) => field.invalid(`${at}.appProtocol`, appProtocol, text)),
    ];
  });
}

function validateEndpoints(endpoints: readonly Endpoint[], addressType: string, path: string): FieldError[] {
  if (endpoints.length > endpointsMax) return [field.tooMany(path, endpoints.length, endpointsMax)];
  const without = [...endpoints.keys()].filter((index) => (endpoints[index]?.addresses ?? []).length === 0);
  return [
    ...endpoints.flatMap((endpoint, index) => validateEndpoint(endpoint, addressType, `${path}[${index}]`)),
    ...without.map((index) => field.required(`${path}[${index}].addresses`)),
  ];
}

function validateEndpoint(endpoint: Endpoint, addressType: string, path: string): FieldError[] {
  const { nodeName, hostname, hints, deprecatedTopology } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const errors: FieldError[] = [];
  const at = `${path}.addresses`;
  if (addresses.length > addressesMax) errors.push(field.tooMany(at, addresses.length, addressesMax));
  for (const [index, address] of addresses.entries()) errors.push(...validateAddress(address, addressType, at, index));
  if (nodeName !== undefined) {
    errors.push(...dns1123Subdomain(nodeName).map((text) => field.invalid(`${path}.nodeName`, nodeName, text)));
  }
  const topology = Object.keys(deprecatedTopology ?? {}).length;
  if (topology > topologyLabelsMax) {
    errors.push(field.tooMany(`${path}.deprecatedTopology`, topology, topologyLabelsMax));
  }
  errors.push(...validateLabels(deprecatedTopology, `${path}.deprecatedTopology`));
  if (hostname !== undefined) {
    errors.push(...dns1123Label(hostname).map((text) => field.invalid(`${path}.hostname`, hostname, text)));
  }
  return hints === undefined ? errors : [...errors, ...validateHints(hints, `${path}.hints`)];
}

function validateAddress(address: string, addressType: string, path: string, index: number): readonly FieldError[] {
  const at = `${path}[${index}]`;
  if (addressType === 'FQDN') return validateDomainName(address, at);
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return [];
  const problems = addressType === 'IPv4' ? validateLegacyIp(at, address) : validateIp(at, address);
  if (problems.length > 0) return problems;
  const family = parseIp(address, true)?.family;
  const wrong = family !== (addressType === 'IPv4' ? 4 : 6);
  const errors = wrong ? [field.invalid(path, address, `must be an ${addressType} address`)] : [];
  return [...errors, ...endpointIpErrors(address, at)];
}

function validateDomainName(name: string, path: string): FieldError[] {
  if (name === '') return [field.required(path)];
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const problems = dns1123Subdomain(bare);
  if (problems.length > 0) return [field.invalid(path, bare, problems.join(','))];
  if (bare.includes('.')) return [];
  return [field.invalid(path, bare, 'should be a domain with at least two segments separated by dots')];
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, path: string): FieldError[] {
  return [
    ...validateHintNames(forZones ?? [], `${path}.forZones`, labelValue),
    ...validateHintNames(forNodes ?? [], `${path}.forNodes`, dns1123Subdomain),
  ];
}

function validateHintNames(
  hints: readonly { name?: string }[],
  path: string,
  rule: (name: string) => readonly string[],
): FieldError[] {
  if (hints.length > hintsMax) return [field.tooMany(path, hints.length, hintsMax)];
  const names = new Set<string>();
  return hints.flatMap(({ name = '' }, index) => {
    const at = `${path}[${index}].name`;
    const errors = names.has(name) ? [field.duplicate(at, name)] : [];
    names.add(name);
    return [...errors, ...rule(name).map((text) => field.invalid(at, name, text))];
  });
}
