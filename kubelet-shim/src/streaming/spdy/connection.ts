import { Duplex } from 'node:stream';
import { createHeaderCodec, type Headers } from './header-block.ts';

/**
 * SPDY/3.1 as Kubernetes uses it (moby/spdystream): streams with headers over one upgraded connection, both sides may
 * open them. Windows are neither sent nor heeded, as by the Go side; back-pressure is that of the connection below.
 */
export interface SpdyConnection {
  /** Opens a stream; it may be written to at once. */
  open(headers: Headers): SpdyStream;
  /** Settles when the connection is over, however it ended. */
  readonly closed: Promise<void>;
  /** Sends what is written, then ends the connection. */
  close(): Promise<void>;
}

export interface SpdyStream extends Duplex {
  readonly headers: Headers;
}

export interface SpdyOptions {
  readonly role: 'client' | 'server';
  /** Called for each stream that the other side opens; it has been accepted already. */
  readonly onStream?: (stream: SpdyStream) => void;
}

const version = 0x8003;
const frameType = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const finFlag = 1;
/** Data frames carry a 24-bit length; one this large keeps other streams of the connection moving. */
const dataBytesMax = 64 * 1024;
const cancelStatus = 5;

export function createSpdyConnection(socket: Duplex, options: SpdyOptions): SpdyConnection {
  return new Connection(socket, options);
}

class Connection implements SpdyConnection {
  readonly closed: Promise<void>;
  readonly #socket: Duplex;
  readonly #options: SpdyOptions;
  readonly #codec = createHeaderCodec();
  readonly #streams = new Map<number, Stream>();
  readonly #blocked = new Set<number>();
  #buffered: Buffer = Buffer.alloc(0);
  #reading: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();
  #nextId: number;
  #over = false;

  constructor(socket: Duplex, options: SpdyOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#nextId = options.role === 'client' ? 1 : 2;
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#end();
        resolve();
      };
      socket.once('close', end).once('end', end).on('error', end);
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  open(headers: Headers): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = this.#register(id, headers);
    const prefix = Buffer.alloc(10);
    prefix.writeUInt32BE(id, 0);
    this.#enqueue(async () => this.#control(frameType.synStream, 0, prefix, await this.#codec.encode(headers)));
    return stream;
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#over) return;
    this.#socket.end();
    await this.closed;
  }

  /** Order on the wire is the order of these calls: header blocks share one compressor. */
  #enqueue(write: () => Promise<void> | void): Promise<void> {
    this.#writing = this.#writing
      .then(() => (this.#over ? undefined : write()))
      .catch((error: Error) => {
        this.#socket.destroy(error);
      });
    return this.#writing;
  }

  #control(type: number, flags: number, ...body: readonly Buffer[]): void {
    const header = Buffer.alloc(8);
    header.writeUInt16BE(version, 0);
    header.writeUInt16BE(type, 2);
    header[4] = flags;
    header.writeUIntBE(
      body.reduce((sum, part) => sum + part.length, 0),
      5,
      3,
    );
    this.#socket.write(Buffer.concat([header, ...body]));
  }

  /** Resolves once the connection has taken the bytes. */
  sendData(id: number, data: Buffer, fin: boolean): Promise<void> {
    return this.#enqueue(async () => {
      for (let at = 0; at === 0 || at < data.length; at += dataBytesMax) {
        const part = data.subarray(at, at + dataBytesMax);
        const header = Buffer.alloc(8);
        header.writeUInt32BE(id, 0);
        header[4] = fin && at + dataBytesMax >= data.length ? finFlag : 0;
        header.writeUIntBE(part.length, 5, 3);
        await new Promise<void>((resolve) => this.#socket.write(Buffer.concat([header, part]), () => resolve()));
      }
    });
  }

  sendReset(id: number): void {
    const body = Buffer.alloc(8);
    body.writeUInt32BE(id, 0);
    body.writeUInt32BE(cancelStatus, 4);
    this.#enqueue(() => this.#control(frameType.rstStream, 0, body));
  }

  forget(id: number): void {
    this.#streams.delete(id);
    this.unblock(id);
  }

  block(id: number): void {
    this.#blocked.add(id);
    this.#socket.pause();
  }

  unblock(id: number): void {
    if (this.#blocked.delete(id) && this.#blocked.size === 0 && !this.#over) this.#socket.resume();
  }

  #register(id: number, headers: Headers): Stream {
    const stream = new Stream(this, id, headers);
    this.#streams.set(id, stream);
    return stream;
  }

  #receive(chunk: Buffer): void {
    this.#buffered = this.#buffered.length > 0 ? Buffer.concat([this.#buffered, chunk]) : chunk;
    while (this.#buffered.length >= 8) {
      const end = 8 + this.#buffered.readUIntBE(5, 3);
      if (this.#buffered.length < end) break;
      const frame = this.#buffered.subarray(0, end);
      this.#buffered = this.#buffered.subarray(end);
      // Frames wait their turn behind header blocks that are still being inflated.
      this.#reading = this.#reading
        .then(() => this.#frame(frame))
        .catch((error: Error) => {
          this.#socket.destroy(error);
        });
    }
  }

  async #frame(frame: Buffer): Promise<void> {
    const body = frame.subarray(8);
    const fin = ((frame[4] ?? 0) & finFlag) !== 0;
    if (((frame[0] ?? 0) & 0x80) === 0) {
      this.#streams.get(frame.readUInt32BE(0))?.receive(body, fin);
      return;
    }
    const type = frame.readUInt16BE(2);
    if (type === frameType.synStream) return this.#accept(body, fin);
    // The reply's headers say nothing, but they are part of the one stream that the decoder reads.
    if (type === frameType.synReply) await this.#codec.decode(body.subarray(4));
    if (type === frameType.rstStream) this.#streams.get(body.readUInt32BE(0))?.abandon();
    if (type === frameType.ping && this.#isTheirs(body.readUInt32BE(0)))
      this.#enqueue(() => void this.#socket.write(frame));
  }

  /** Clients count pings and streams in odd numbers. */
  #isTheirs(id: number): boolean {
    return (id % 2 === 1) === (this.#options.role === 'server');
  }

  async #accept(body: Buffer, fin: boolean): Promise<void> {
    const id = body.readUInt32BE(0);
    const headers = await this.#codec.decode(body.subarray(10));
    const { onStream } = this.#options;
    if (!onStream) return this.sendReset(id);
    const stream = this.#register(id, headers);
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(id, 0);
    this.#enqueue(async () => this.#control(frameType.synReply, 0, prefix, await this.#codec.encode({})));
    onStream(stream);
    if (fin) stream.receive(Buffer.alloc(0), true);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    // What has arrived is delivered first.
    this.#reading.finally(() => {
      for (const stream of this.#streams.values()) stream.abandon();
      this.#codec.close();
      this.#socket.destroy();
    });
  }
}

class Stream extends Duplex implements SpdyStream {
  readonly headers: Headers;
  readonly #connection: Connection;
  readonly #id: number;
  #readEnded = false;
  #writeEnded = false;

  constructor(connection: Connection, id: number, headers: Headers) {
    super({ allowHalfOpen: true });
    this.headers = headers;
    this.#connection = connection;
    this.#id = id;
  }

  receive(data: Buffer, fin: boolean): void {
    if (this.#readEnded || this.destroyed) return;
    if (data.length > 0 && !this.push(data)) this.#connection.block(this.#id);
    if (fin) {
      this.#readEnded = true;
      this.push(null);
    }
  }

  /** The other side, or the connection, is gone: what was received may still be read. */
  abandon(): void {
    this.#writeEnded = true;
    if (!this.#readEnded) {
      this.#readEnded = true;
      this.push(null);
    }
    if (!this.writableEnded) this.end();
  }

  override _read(): void {
    this.#connection.unblock(this.#id);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    if (this.#writeEnded) return done();
    this.#connection.sendData(this.#id, chunk, false).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    if (this.#writeEnded) return done();
    this.#writeEnded = true;
    this.#connection.sendData(this.#id, Buffer.alloc(0), true).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#readEnded || !this.#writeEnded) this.#connection.sendReset(this.#id);
    this.#connection.forget(this.#id);
    done(error);
  }
}
