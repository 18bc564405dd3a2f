import { once } from 'node:events';
import { connect } from 'node:tls';
import type { ClusterPki } from '@coracle/cluster/pki';
import { adminTls } from './api-caller.ts';

interface Server {
  readonly url: string;
  readonly pki: ClusterPki;
}

/** Status of a GET by the administrator whose target is sent as it is: no library tidies it up. */
export async function rawStatus({ url, pki }: Server, target: string): Promise<number> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', ...adminTls(pki) });
  await once(socket, 'secureConnect');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head.toString('latin1'))?.[1];
  if (status === undefined) throw new Error(`GET ${target} was answered with ${head.toString('latin1', 0, 100)}`);
  return Number(status);
}
