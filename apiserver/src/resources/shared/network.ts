import { field, type FieldError } from '@coracle/apimachinery/errors';
import { cidrContains, type IpRange, parseCidr, parseIp } from '@coracle/apimachinery/validation';

/** Protocols of ports, in the order upstream lists them. */
export const portProtocols: readonly string[] = ['SCTP', 'TCP', 'UDP'];

const special: readonly (readonly [text: string, ranges: readonly IpRange[]])[] = [
  ['may not be in the loopback range (127.0.0.0/8, ::1/128)', ranges('127.0.0.0/8', '::1/128')],
  ['may not be in the link-local range (169.254.0.0/16, fe80::/10)', ranges('169.254.0.0/16', 'fe80::/10')],
  ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)', ranges('224.0.0.0/24', 'ff02::/10')],
];
const unspecified = ranges('0.0.0.0/32', '::/128');

function ranges(...cidrs: readonly string[]): readonly IpRange[] {
  return cidrs.map((cidr) => parseCidr(cidr) as IpRange);
}

/** Addresses that cannot be those of a pod or a load balancer (pkg/apis/core/validation ValidateEndpointIP). */
export function endpointIpErrors(text: string, path: string): FieldError[] {
  const ip = parseIp(text, true);
  if (!ip) return [field.invalid(path, text, 'must be a valid IP address')];
  const within = (list: readonly IpRange[]) => list.some((range) => cidrContains(range, ip));
  const errors = within(unspecified) ? [field.invalid(path, text, `may not be unspecified (${text})`)] : [];
  for (const [words, list] of special) if (within(list)) errors.push(field.invalid(path, text, words));
  return errors;
}
