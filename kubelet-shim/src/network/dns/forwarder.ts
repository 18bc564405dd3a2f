import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { connect, isIP } from 'node:net';
import type { Clock } from '@coracle/apimachinery/clock';

/** Hands questions of other zones on to the host's own name servers. */
export interface Forwarder {
  /** The answer as it came; undefined where nobody answered in time. */
  forward(message: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | undefined>;
}

const timeoutMs = 2000;
const port = 53;

/** Name servers of a resolv.conf; without `own`, which would ask itself. */
export function parseNameServers(text: string, own: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, address = ''] = line.trim().split(/\s+/);
    return keyword === 'nameserver' && isIP(address) !== 0 && address !== own ? [address] : [];
  });
}

export function createForwarder(clock: Clock, own: string): Forwarder {
  const ask = { udp: askByUdp, tcp: askByTcp };
  return {
    async forward(message, over) {
      // Read anew: the host may have moved to another network.
      const servers = parseNameServers(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''), own);
      for (const server of servers) {
        const answer = await withTimeout(clock, (signal) => ask[over](server, message, signal));
        if (answer !== undefined) return answer;
      }
      return undefined;
    },
  };
}

async function withTimeout(
  clock: Clock,
  work: (signal: AbortSignal) => Promise<Buffer | undefined>,
): Promise<Buffer | undefined> {
  const stop = new AbortController();
  const timer = clock.after(timeoutMs, () => stop.abort());
  try {
    return await work(stop.signal);
  } finally {
    timer.cancel();
  }
}

function askByUdp(server: string, message: Buffer, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(server) === 6 ? 'udp6' : 'udp4');
    const finish = (answer?: Buffer) => {
      socket.close();
      signal.removeEventListener('abort', giveUp);
      resolve(answer);
    };
    const giveUp = () => finish();
    socket.once('message', (answer: Buffer) => finish(answer));
    socket.once('error', giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    // Connected, so that only this server's answers come in.
    socket.connect(port, server, () => socket.send(message));
  });
}

function askByTcp(server: string, message: Buffer, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port });
    let received = Buffer.alloc(0);
    const finish = (answer?: Buffer) => {
      socket.destroy();
      signal.removeEventListener('abort', giveUp);
      resolve(answer);
    };
    const giveUp = () => finish();
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('error', giveUp).on('end', giveUp);
    socket.on('connect', () => socket.write(framed(message)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        finish(received.subarray(2, 2 + received.readUInt16BE(0)));
      }
    });
  });
}

/** Over TCP each message has its length before it. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
