import { isIP } from 'node:net';
import type { ApiRequest } from '../http/api-request.ts';

/** Callers in this process, as upstream's own loopback client shows. */
const ownAddress = '::1';

/** Where a request comes from: what proxies say, then the connection itself (k8s.io/apimachinery pkg/util/net SourceIPs). */
export function sourceAddresses({ headers, peer }: Pick<ApiRequest, 'headers' | 'peer'>): string[] {
  const forwarded = addressesIn(headers['x-forwarded-for']);
  const found = forwarded.length > 0 ? forwarded : addressesIn(headers['x-real-ip']).slice(0, 1);
  const remote = isIP(peer.address) === 0 ? ownAddress : peer.address;
  return found.at(-1) === remote ? found : [...found, remote];
}

function addressesIn(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
}
