import { builtinScheme } from '@coracle/apimachinery/scheme';
import { expect } from 'chai';
import { dropGatedFields } from './gated-fields.ts';

const schema = builtinScheme().schemaOf('io.k8s.api.core.v1.Pod');
const pod = (mount: object) => ({ spec: { containers: [{ name: 'a', volumeMounts: [{ name: 'v', ...mount }] }] } });

describe('fields behind gates that are off', () => {
  it('go from new objects, wherever they stand', () => {
    const object = pod({ bindMountOptions: ['x'] });
    dropGatedFields(object, undefined, schema);
    expect(object).to.deep.equal(pod({}));
  });

  it('take a lifecycle along that says nothing else', () => {
    const object = { spec: { containers: [{ lifecycle: { stopSignal: 'SIGSYS' } }, { lifecycle: {} }] } };
    dropGatedFields(object, undefined, schema);
    expect(object).to.deep.equal({ spec: { containers: [{}, { lifecycle: {} }] } });
  });

  it('go from updates of objects that have none', () => {
    const object = { spec: { ...pod({}).spec, schedulingGroup: { podGroupName: 'g' } } };
    dropGatedFields(object, pod({}), schema);
    expect(object).to.deep.equal(pod({}));
  });

  it('stay where the stored object has one', () => {
    const object = pod({ bindMountOptions: ['x'] });
    dropGatedFields(object, pod({ bindMountOptions: ['y'] }), schema);
    expect(object).to.deep.equal(pod({ bindMountOptions: ['x'] }));
  });
});
