import { isIP } from 'node:net';
import type { ApiRequest } from '../http/api-request.ts';
import { firstHeaderLine } from '../http/header-lines.ts';

/** Callers in this process, as upstream's own loopback client shows. */
const ownAddress = '::1';

/** Where a request comes from: what proxies say, then the connection itself (k8s.io/apimachinery pkg/util/net SourceIPs). */
export function sourceAddresses(request: Pick<ApiRequest, 'headers' | 'rawHeaders' | 'peer'>): string[] {
  const forwarded = addressesIn(firstHeaderLine(request, 'x-forwarded-for'));
  const found = forwarded.length > 0 ? forwarded : addressesIn(firstHeaderLine(request, 'x-real-ip')).slice(0, 1);
  const { address } = request.peer;
  const remote = isIP(address) === 0 ? ownAddress : address;
  return found.at(-1) === remote ? found : [...found, remote];
}

function addressesIn(header: string): string[] {
  return header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
}
