import { Duplex, type Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createSpdyConnection, type SpdyStream } from './connection.ts';
import { headerDictionary } from './dictionary.ts';

/** Two ends of one wire; closing either ends what the other one reads. */
function wire(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: () => Duplex | undefined) => {
    const hangUp = () => {
      if (other()?.readableEnded === false && !other()?.destroyed) other()?.push(null);
    };
    const end: Duplex = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        other()?.push(chunk);
        done();
      },
    });
    return end.once('finish', hangUp).once('close', () => end.writableFinished || hangUp());
  };
  ends.push(
    make(() => ends[1]),
    make(() => ends[0]),
  );
  return ends as [Duplex, Duplex];
}

describe('SPDY/3.1', () => {
  it('has the dictionary of the specification', () => {
    expect(headerDictionary.length).to.equal(1423);
    expect(headerDictionary.toString('latin1', 4, 11)).to.equal('options');
    expect(headerDictionary.toString('latin1').endsWith('enq=0.')).to.equal(true);
  });

  it('carries streams with headers both ways, each half on its own', async () => {
    const [a, b] = wire();
    const accepted: SpdyStream[] = [];
    const server = createSpdyConnection(b, {
      role: 'server',
      onStream(stream) {
        accepted.push(stream);
        const heard: Buffer[] = [];
        // Not through an iterator, which would destroy the other half with its own.
        stream.on('data', (chunk: Buffer) => heard.push(chunk));
        stream.on('end', () => stream.end(`${stream.headers['streamtype']} heard ${Buffer.concat(heard)}`));
      },
    });
    const client = createSpdyConnection(a, { role: 'client' });
    const answers = ['stdin', 'data'].map(async (streamtype) => {
      const stream = client.open({ streamType: streamtype });
      stream.end('hello');
      return text(stream as Readable);
    });
    expect(await Promise.all(answers)).to.deep.equal(['stdin heard hello', 'data heard hello']);
    await client.close();
    await server.closed;
    expect(accepted.map(({ headers }) => headers)).to.deep.equal([{ streamtype: 'stdin' }, { streamtype: 'data' }]);
  });

  it('carries more than a frame holds, unchanged', async () => {
    const [a, b] = wire();
    createSpdyConnection(b, { role: 'server', onStream: (stream) => stream.pipe(stream) });
    const client = createSpdyConnection(a, { role: 'client' });
    const sent = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7) & 255));
    const stream = client.open({});
    stream.end(sent);
    expect(Buffer.compare(await buffer(stream as Readable), sent)).to.equal(0);
  });

  it('ends what was open when the connection goes', async () => {
    const [a, b] = wire();
    const accepted = Promise.withResolvers<SpdyStream>();
    createSpdyConnection(b, { role: 'server', onStream: accepted.resolve });
    const client = createSpdyConnection(a, { role: 'client' });
    client.open({ streamtype: 'stdin' }).write('half');
    const stream = await accepted.promise;
    const heard = text(stream as Readable);
    stream.once('readable', () => a.end());
    expect(await heard).to.equal('half');
  });
});
