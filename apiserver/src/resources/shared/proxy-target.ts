import { badRequest } from '@coracle/apimachinery/errors';
import type { ConnectCall } from '../../registry/strategy.ts';
import type { ProxyTarget } from '../parts.ts';

/** The parts of `name`, `name:port` and `scheme:name:port`; scheme and port are empty where they are not given. */
export function splitProxyName(text: string, kind: string): { scheme: string; name: string; port: string } {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: '', name: text, port: '' };
  if (parts.length === 2) return { scheme: '', name: parts[0] as string, port: parts[1] as string };
  const [scheme = '', name = '', port = ''] = parts;
  const valid = parts.length === 3 && ['', 'http', 'https'].includes(scheme) && name !== '';
  if (!valid) throw badRequest(`invalid ${kind} request ${JSON.stringify(text)}`);
  return { scheme, name, port };
}

/** Port 0 means the one of the scheme. */
export function proxyTarget(scheme: string, host: string, port: number, { path, request }: ConnectCall): ProxyTarget {
  const secure = scheme === 'https';
  const query = request.query.toString();
  return {
    scheme: secure ? 'https' : 'http',
    host,
    port: port === 0 ? (secure ? 443 : 80) : port,
    path: `${path === '' ? '/' : path}${query === '' ? '' : `?${query}`}`,
  };
}
