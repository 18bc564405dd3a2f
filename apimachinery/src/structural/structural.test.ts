import { expect } from 'chai';
import type { ObjectSchema, Schema } from '../schema/index.ts';
import { builtinScheme } from '../scheme/index.ts';
import {
  applyDefaults,
  checkObject,
  DecodeError,
  decodeStrict,
  normalize,
  strictDecodingError,
  withSentEmpties,
} from './index.ts';

const scheme = builtinScheme();
const podSchema = scheme.schemaOf('io.k8s.api.core.v1.Pod');
const deploymentSchema = scheme.schemaOf('io.k8s.api.apps.v1.Deployment');

describe('structural', () => {
  it('reports unknown and duplicate fields in upstream words and drops the unknown ones', () => {
    const body = `{"metadata":{"name":"a","name":"b"},"spec":{"foo":1,"containers":[{"name":"c","bar":{"x":":\\""}}]}}`;
    const { object, strictErrors } = decodeStrict(body, podSchema);
    expect(object).to.deep.equal({ metadata: { name: 'b' }, spec: { containers: [{ name: 'c' }] } });
    expect(strictErrors).to.deep.equal([
      'unknown field "spec.foo"',
      'unknown field "spec.containers[0].bar"',
      'duplicate field "metadata.name"',
    ]);
    expect(strictDecodingError(strictErrors.slice(0, 2))).to.equal(
      'strict decoding error: unknown field "spec.foo", unknown field "spec.containers[0].bar"',
    );
  });

  it('finds duplicates below lists and among strings that look like keys', () => {
    const body = `{"spec":{"containers":[{"name":"\\"a\\":1"},{"env" : [ ], "name":"x","env":[]}]}}`;
    expect(decodeStrict(body, podSchema).strictErrors).to.deep.equal(['duplicate field "spec.containers[1].env"']);
    expect(decodeStrict(body, podSchema, { strict: false }).strictErrors).to.deep.equal([]);
  });

  const typeErrors: readonly (readonly [body: string, message: string])[] = [
    [
      '{"spec":{"replicas":"3"}}',
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      '{"spec":{"replicas":1.5}}',
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      '{"spec":{"replicas":3000000000}}',
      'json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      '{"metadata":{"labels":{"a":1}}}',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      '{"metadata":{"labels":[]}}',
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      '{"spec":{"template":{"spec":{"containers":{}}}}}',
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    ['{"spec":[]}', 'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
    [
      '{"metadata":{"creationTimestamp":"yesterday"}}',
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
  ];
  for (const [body, message] of typeErrors) {
    it(`says ${message}`, () => {
      expect(() => decodeStrict(body, deploymentSchema)).to.throw(DecodeError, message);
    });
  }

  it('drops nulls, keeps zeros of maps and lists, and puts scalars into canonical form', () => {
    const { object } = checkObject(
      {
        metadata: { creationTimestamp: '2024-05-01T12:00:00.5+02:00', annotations: { a: null }, labels: null },
        spec: { containers: [{ name: 'c', args: [null], resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }] },
      },
      podSchema,
    );
    expect(object).to.deep.equal({
      metadata: { creationTimestamp: '2024-05-01T10:00:00Z', annotations: { a: '' } },
      spec: { containers: [{ name: 'c', args: [''], resources: { limits: { cpu: '500m', memory: '1Gi' } } }] },
    });
  });

  it('leaves keys of maps out of the paths of unknown fields where Go converts', () => {
    const slice = scheme.schemaOf('io.k8s.api.resource.v1.ResourceSlice');
    const object = { spec: { devices: [{ attributes: { model: { odd: 1 } } }] } };
    expect(checkObject(object, slice, { converts: true }).strictErrors).to.deep.equal([
      'unknown field "spec.devices[0].attributes.odd"',
    ]);
  });

  it('takes nulls of custom resources for nothing, but where they may be or a default stands in', () => {
    const text = { type: 'scalar', scalar: 'string' } as const;
    const field = (name: string, schema: Schema) => [name, { name, schema }] as const;
    const fields = new Map([
      field('plain', text),
      field('maybe', { ...text, nullable: true }),
      field('filled', { ...text, default: 'x' }),
      field('map', { type: 'map', values: text }),
    ]);
    const object = { plain: null, maybe: null, filled: null, map: { a: null } };
    expect(checkObject(object, { type: 'object', fields }).object).to.deep.equal({
      maybe: null,
      filled: null,
      map: {},
    });
  });

  it('says which object within a custom resource has metadata that is none', () => {
    const metadata = scheme.schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    const fields = new Map([['metadata', { name: 'metadata', schema: metadata }]]);
    const part: ObjectSchema = { type: 'object', fields, embeddedResource: true };
    const schema: ObjectSchema = { type: 'object', fields: new Map([['part', { name: 'part', schema: part }]]) };
    expect(() => checkObject({ part: { metadata: { name: 5 } } }, schema)).to.throw(
      'part.metadata: Invalid value: {"name":5}: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    );
  });

  it('keeps empty lists below atomic lists alone, where one of them is as good as another value', () => {
    const role = { rules: [{ verbs: ['get'], resourceNames: [] }], metadata: { finalizers: [] } };
    expect(withSentEmpties(role, scheme.schemaOf('io.k8s.api.rbac.v1.Role'))).to.deep.equal({
      rules: [{ verbs: ['get'], resourceNames: [] }],
      metadata: {},
    });
  });

  it('writes zero values as Go does', () => {
    const deployment = normalize(
      { metadata: { labels: {} }, spec: { replicas: 0, paused: false, template: {} } },
      deploymentSchema,
    );
    expect(deployment).to.deep.equal({
      metadata: {},
      spec: { replicas: 0, selector: null, strategy: {}, template: { metadata: {}, spec: { containers: null } } },
      status: {},
    });
    const pod = normalize(
      { spec: { containers: [{ env: [] }] }, status: { conditions: [{ type: 'Ready' }] } },
      podSchema,
    );
    expect(pod).to.deep.equal({
      metadata: {},
      spec: { containers: [{ name: '', resources: {} }] },
      status: { conditions: [{ type: 'Ready', status: '', lastProbeTime: null, lastTransitionTime: null }] },
    });
    expect(normalize(structuredClone(pod), podSchema)).to.deep.equal(pod);
  });

  it('fills in defaults where what they belong to is there', () => {
    const pod = {
      spec: { containers: [{ name: 'c', ports: [{ containerPort: 1 }, { containerPort: 2, protocol: 'UDP' }] }] },
    };
    applyDefaults(pod, podSchema);
    expect(pod.spec.containers[0]?.ports).to.deep.equal([
      { containerPort: 1, protocol: 'TCP' },
      { containerPort: 2, protocol: 'UDP' },
    ]);
  });

  it('leaves a custom resource as it is but for unknown fields and defaults', () => {
    const schema: ObjectSchema = {
      type: 'object',
      fields: new Map([
        ['size', { name: 'size', schema: { type: 'scalar', scalar: 'int32', default: 3 } }],
        ['note', { name: 'note', schema: { type: 'scalar', scalar: 'string', nullable: true, default: 'x' } }],
      ]),
    };
    const { object, strictErrors } = checkObject({ size: null, note: null, more: 1 }, schema);
    applyDefaults(object, schema);
    expect(normalize(object, schema)).to.deep.equal({ size: 3, note: null });
    expect(strictErrors).to.deep.equal(['unknown field "more"']);
  });

  it('cuts integers that are too large where it is told to convert', () => {
    const wrapped = (replicas: number) =>
      checkObject({ spec: { replicas } }, deploymentSchema, { converts: true }).object['spec'];
    expect(wrapped(2 ** 31)).to.deep.equal({ replicas: -(2 ** 31) });
    expect(wrapped(1e19)).to.deep.equal({ replicas: 0 });
    expect(() => checkObject({ spec: { replicas: 2 ** 31 } }, deploymentSchema)).to.throw(DecodeError);
  });
});
