import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import type { Clock } from '@coracle/apimachinery/clock';
import type { Environment, Running } from '@coracle/apimachinery/component';
import { createForwarder, type Forwarder, framed } from './forwarder.ts';
import {
  type Answer,
  type Query,
  readAddresses,
  readQuery,
  recordTypes,
  type ResourceRecord,
  responseCodes,
  writeAnswer,
  writeQuery,
} from './message.ts';
import { answerFromZone, type ZoneData } from './zone.ts';

export interface NameServerOptions {
  /** Where it listens, UDP and TCP. */
  readonly address: string;
  /** Default 53. */
  readonly port?: number;
  /** `cluster.local` */
  readonly clusterDomain: string;
}

/** Names that lead to other names, one after the other. */
const aliasesMax = 8;
const tcpIdleMs = 10_000;
const tcpConnectionsMax = 512;

/** The cluster's name server: Services and pods from memory, everything else from the host's name servers. */
export async function serveZone(
  environment: Environment,
  data: ZoneData,
  options: NameServerOptions,
): Promise<Running> {
  const { address, port = 53 } = options;
  const forwarder = createForwarder(environment.clock, address);
  const resolve = (message: Buffer, over: 'udp' | 'tcp') =>
    answer({ environment, data, options, forwarder }, message, over);
  const udp = createSocket('udp4');
  udp.on('message', (message: Buffer, peer) => {
    void resolve(message, 'udp').then((reply) => {
      if (reply !== undefined) udp.send(reply, peer.port, peer.address, () => {});
    });
  });
  await new Promise<void>((done, fail) => {
    udp.once('error', fail);
    udp.bind(port, address, done);
  });
  udp.on('error', (error) => environment.log.warn('name server', { error: error.message }));

  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveConnection(environment.clock, socket, (message) => resolve(message, 'tcp'));
  });
  tcp.maxConnections = tcpConnectionsMax;
  await new Promise<void>((done, fail) => {
    tcp.once('error', fail);
    tcp.listen(udp.address().port, address, done);
  });
  return {
    async stop() {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((done) => tcp.close(() => done())),
        new Promise<void>((done) => udp.close(() => done())),
      ]);
    },
  };
}

function serveConnection(
  clock: Clock,
  socket: Socket,
  resolve: (message: Buffer) => Promise<Buffer | undefined>,
): void {
  let received = Buffer.alloc(0);
  let idle = clock.after(tcpIdleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => idle.cancel());
  socket.on('data', (chunk: Buffer) => {
    idle.cancel();
    idle = clock.after(tcpIdleMs, () => socket.destroy());
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, end);
      received = received.subarray(end);
      void resolve(message).then((reply) => {
        if (reply === undefined) socket.destroy();
        else if (!socket.destroyed) socket.write(framed(reply));
      });
    }
  });
}

interface Resolver {
  readonly environment: Environment;
  readonly data: ZoneData;
  readonly options: NameServerOptions;
  readonly forwarder: Forwarder;
}

/** Undefined for messages that deserve no answer. */
async function answer(resolver: Resolver, message: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | undefined> {
  const query = readQuery(message);
  if (query === undefined) return undefined;
  const bytesMax = over === 'udp' ? query.udpBytesMax : 0xffff;
  if (query.opcode !== 0) return writeAnswer(query, failed(responseCodes.notImplemented), bytesMax);
  const own = await answerOwn(resolver, query, over);
  if (own !== undefined) return writeAnswer(query, own, bytesMax);
  const forwarded = await resolver.forwarder.forward(message, over);
  return forwarded ?? writeAnswer(query, failed(responseCodes.serverFailure), bytesMax);
}

/** Follows aliases, also out of the cluster; undefined where the name is none of the cluster's. */
async function answerOwn(resolver: Resolver, query: Query, over: 'udp' | 'tcp'): Promise<Answer | undefined> {
  const { environment, data, options, forwarder } = resolver;
  const zone = { domain: options.clusterDomain, serial: Math.floor(environment.clock.now() / 1000) };
  const answers: ResourceRecord[] = [];
  let { name } = query;
  for (let aliases = 0; aliases < aliasesMax; aliases++) {
    const found = answerFromZone(data, zone, { name, type: query.type });
    if (found === undefined) {
      if (answers.length === 0) return undefined;
      const reply = await forwarder.forward(writeQuery({ ...query, name }), over);
      const addresses = reply ? readAddresses(reply, name) : [];
      return { code: responseCodes.ok, authoritative: true, answers: [...answers, ...addresses] };
    }
    if (!('alias' in found)) return { ...found, answers: [...answers, ...found.answers] };
    answers.push(found.alias);
    if (query.type === recordTypes.CNAME) return { code: responseCodes.ok, authoritative: true, answers };
    name = found.alias.target;
  }
  return failed(responseCodes.serverFailure);
}

function failed(code: number): Answer {
  return { code, authoritative: false, answers: [] };
}
