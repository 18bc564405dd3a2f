import { field, type FieldError } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import type { EndpointAddress, EndpointPort, Endpoints } from '@coracle/apimachinery/types/core-v1';
import {
  dns1123Label,
  dns1123Subdomain,
  ipWarnings,
  portNumber,
  qualifiedName,
  validateLegacyIp,
} from '@coracle/apimachinery/validation';
import { endpointIpErrors, portProtocols } from '../../shared/network.ts';
import type { Strategy } from '../../shared/registry.ts';
import { ageColumn, ageOf, column, nameColumn } from '../../shared/table.ts';

const managedBy = 'endpoints.kubernetes.io/managed-by';

/** Source: pkg/registry/core/endpoint. */
export const endpointsStrategy: Strategy<Endpoints> = {
  resource: { group: '', resource: 'endpoints' },
  generation: 'none',
  createOnUpdate: true,
  defaults({ subsets }) {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ??= 'TCP';
  },
  validate(endpoints, old) {
    if (old && semanticEqual(old.subsets, endpoints.subsets)) return [];
    return subsetErrors(endpoints);
  },
  warnings: endpointsWarnings,
  table: {
    columns: [nameColumn, column('Endpoints', 'string', 'Addresses that are ready'), ageColumn],
    row: (endpoints, now) => [endpoints.metadata?.name, endpointsText(endpoints), ageOf(endpoints, now)],
  },
};

function endpointsWarnings({ metadata, subsets }: Endpoints): string[] {
  if (metadata?.labels?.[managedBy] === 'endpoint-controller') return [];
  return (subsets ?? []).flatMap((subset, index) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((list) =>
      (subset[list] ?? []).flatMap(({ ip }, position) => ipWarnings(`subsets[${index}].${list}[${position}].ip`, ip)),
    ),
  );
}

function subsetErrors({ subsets }: Endpoints): FieldError[] {
  return (subsets ?? []).flatMap((subset, index) => {
    const path = `subsets[${index}]`;
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    const errors: FieldError[] = [];
    if (addresses.length + notReadyAddresses.length === 0) {
      errors.push(field.required(path, 'must specify `addresses` or `notReadyAddresses`'));
    }
    for (const [at, address] of addresses.entries()) errors.push(...addressErrors(address, `${path}.addresses[${at}]`));
    for (const [at, address] of notReadyAddresses.entries()) {
      errors.push(...addressErrors(address, `${path}.notReadyAddresses[${at}]`));
    }
    for (const [at, port] of ports.entries())
      errors.push(...portErrors(port, ports.length > 1, `${path}.ports[${at}]`));
    return errors;
  });
}

function addressErrors({ ip, hostname, nodeName }: EndpointAddress, path: string): FieldError[] {
  const errors = [...validateLegacyIp(`${path}.ip`, ip)];
  if (hostname) errors.push(...dns1123Label(hostname).map((text) => field.invalid(`${path}.hostname`, hostname, text)));
  if (nodeName !== undefined) {
    errors.push(...dns1123Subdomain(nodeName).map((text) => field.invalid(`${path}.nodeName`, nodeName, text)));
  }
  return [...errors, ...endpointIpErrors(ip, `${path}.ip`)];
}

function portErrors(
  { name = '', port, protocol = '', appProtocol }: EndpointPort,
  named: boolean,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (name !== '') errors.push(...dns1123Label(name).map((text) => field.invalid(`${path}.name`, name, text)));
  else if (named) errors.push(field.required(`${path}.name`));
  errors.push(...portNumber(port).map((text) => field.invalid(`${path}.port`, port, text)));
  if (protocol === '') errors.push(field.required(`${path}.protocol`));
  else if (!portProtocols.includes(protocol))
    errors.push(field.notSupported(`${path}.protocol`, protocol, portProtocols));
  if (appProtocol !== undefined) {
    errors.push(...qualifiedName(appProtocol).map((text) => field.invalid(`${path}.appProtocol`, appProtocol, text)));
  }
  return errors;
}

/** Addresses that the column shows before it counts the rest. */
const shownMax = 3;

function endpointsText({ subsets }: Endpoints): string {
  if (!subsets?.length) return '<none>';
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );
  const text = all.slice(0, shownMax).join(',');
  return all.length > shownMax ? `${text} + ${all.length - shownMax} more...` : text;
}
