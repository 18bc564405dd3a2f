import { expect } from 'chai';
import type { ObjectSchema } from '../schema/index.ts';
import { builtinScheme } from '../scheme/index.ts';
import {
  decodeEnvelope,
  decodeMessage,
  decodeProtobuf,
  encodeEnvelope,
  encodeListChunks,
  encodeMessage,
  encodeProtobuf,
  encodeWatchFrame,
  isProtobuf,
  MalformedProtobufError,
  supportsProtobuf,
} from './index.ts';

const scheme = builtinScheme();
const schemaOf = scheme.schemaOfKind.bind(scheme);
const schemaNamed = (kind: string) => schemaOf({ group: '', version: 'v1', kind }) as ObjectSchema;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const join = (chunks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', creationTimestamp: '2024-01-01T00:00:00Z' },
  data: { k: 'vä' },
};
/** `k8s\0`, type, message: metadata { name, creationTimestamp { seconds, nanos } }, data entry; empty content encoding and type. */
const configMapHex =
  '6b387300' +
  '0a0f0a0276311209436f6e6669674d6170' +
  '1219' +
  '0a0d0a01614208088081c8ac06100012080a016b120376c3a4' +
  '1a002200';

describe('protobuf', () => {
  it('writes the bytes of a small object and reads them again', () => {
    const bytes = encodeProtobuf(configMap, schemaNamed('ConfigMap'));
    expect(hex(bytes)).to.equal(configMapHex);
    expect(isProtobuf(bytes)).to.equal(true);
    expect(decodeProtobuf(bytes, schemaOf)).to.deep.equal(configMap);
  });

  it('reads fields it does not know, zero values and packed numbers as nothing special', () => {
    // Field 99 (bytes), PodSpec with supplementalGroups packed, an empty name.
    const pod = Buffer.from('9a0602abcd' + '0a020a00' + '1206720422020102', 'hex');
    expect(decodeMessage(new Uint8Array(pod), schemaNamed('Pod'))).to.deep.equal({
      metadata: {},
      spec: { containers: null, securityContext: { supplementalGroups: [1, 2] } },
      status: {},
    });
  });

  const truncated: readonly string[] = ['0aff', '0a05616263', '08', 'ffffffffffffffffffffff'];
  for (const message of truncated) {
    it(`refuses the broken message ${message}`, () => {
      const bytes = new Uint8Array(Buffer.from(message, 'hex'));
      expect(() => decodeMessage(bytes, schemaNamed('Pod'))).to.throw(MalformedProtobufError);
    });
  }

  it('keeps large and negative numbers, and every spelling of the named scalars', () => {
    const event = {
      metadata: {},
      involvedObject: {},
      source: {},
      firstTimestamp: null,
      lastTimestamp: '1969-12-31T23:59:59Z',
      eventTime: '2024-02-29T23:59:59.000120Z',
      reportingComponent: '',
      reportingInstance: '',
      count: -2,
    };
    expect(decodeMessage(encodeMessage(event, schemaNamed('Event')), schemaNamed('Event'))).to.deep.equal(event);
    const labels = JSON.parse('{"__proto__":"x"}');
    const namespace = { metadata: { generation: 2 ** 40 + 1, labels }, spec: {}, status: {} };
    const decoded = decodeMessage(encodeMessage(namespace, schemaNamed('Namespace')), schemaNamed('Namespace'));
    expect(JSON.stringify(decoded)).to.equal(JSON.stringify(namespace));
  });

  it('puts messages that are encoded already into lists and watch events', () => {
    const message = encodeMessage(configMap, schemaNamed('ConfigMap'));
    const head = { apiVersion: 'v1', kind: 'ConfigMapList', metadata: { resourceVersion: '7' } };
    const list = decodeProtobuf(
      join(
        encodeListChunks(head, scheme.schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta'), [message, message]),
      ),
      schemaOf,
    );
    const { metadata, data } = configMap;
    expect(list).to.deep.equal({
      ...head,
      items: [
        { metadata, data },
        { metadata, data },
      ],
    });

    const object = encodeEnvelope('v1', 'ConfigMap', message);
    expect(hex(object)).to.equal(configMapHex);
    const frame = encodeWatchFrame('ADDED', object);
    const length = frame.length - 4;
    expect(hex(frame)).to.equal(`${length.toString(16).padStart(8, '0')}0a054144444544` + `12360a34${configMapHex}`);
    expect(decodeEnvelope(object).raw).to.deep.equal(message);
  });

  it('says which kinds it can encode', () => {
    expect(supportsProtobuf(schemaNamed('Pod'))).to.equal(true);
    expect(supportsProtobuf({ type: 'object', fields: new Map() })).to.equal(false);
  });
});
