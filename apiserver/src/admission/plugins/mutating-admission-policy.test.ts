import {
  Deployments,
  MutatingAdmissionPolicies,
  MutatingAdmissionPolicyBindings,
  Namespaces,
} from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { MutatingAdmissionPolicySpec } from '@coracle/apimachinery/types/admissionregistration-v1';
import { expect } from 'chai';
import { runAdmission, testAdmissionContext } from '../testing/index.ts';
import { mutatingAdmissionPolicy } from './mutating-admission-policy.ts';

describe('MutatingAdmissionPolicy', () => {
  const run = async (spec: MutatingAdmissionPolicySpec) => {
    const context = testAdmissionContext();
    context.readers.set(Namespaces, { metadata: { name: 'ns' } });
    context.readers.set(MutatingAdmissionPolicies, { metadata: { name: 'p' }, spec } as KubernetesObject);
    context.readers.set(MutatingAdmissionPolicyBindings, {
      metadata: { name: 'b' },
      spec: { policyName: 'p' },
    } as KubernetesObject);
    const containers = [
      { name: 'a', image: 'x' },
      { name: 'b', image: 'y' },
    ];
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'ns', annotations: { old: '1' } },
      spec: { replicas: 1, template: { spec: { containers } } },
    } as KubernetesObject;
    return runAdmission(mutatingAdmissionPolicy(context), { resource: Deployments, object }).catch(
      (error: Error) => error.message,
    );
  };
  const apply = (expression: string, more: Partial<MutatingAdmissionPolicySpec> = {}): MutatingAdmissionPolicySpec => ({
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    ...more,
  });

  it('merges a configuration, lists by their keys', async () => {
    const object = await run(
      apply(`Object{
        metadata: Object.metadata{annotations: {"new": "2"}},
        spec: Object.spec{replicas: object.spec.replicas + 2, template: Object.spec.template{spec: Object.spec.template.spec{
          containers: [Object.spec.template.spec.containers{name: "b", image: "z"}]}}}}`),
    );
    expect(object).to.have.nested.property('metadata.annotations').that.deep.equals({ old: '1', new: '2' });
    expect(object).to.have.nested.property('spec.replicas', 3);
    expect(object)
      .to.have.nested.property('spec.template.spec.containers')
      .that.deep.equals([
        { name: 'a', image: 'x' },
        { name: 'b', image: 'z' },
      ]);
  });

  it('applies a JSON patch', async () => {
    const expression =
      '[JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("a/b"), value: "c"}]';
    const object = await run({ mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }] });
    expect(object).to.have.nested.property('metadata.annotations').that.deep.equals({ old: '1', 'a/b': 'c' });
  });

  it('leaves alone what no condition lets it change, and says what has no value', async () => {
    const conditions = [{ name: 'c', expression: 'object.spec.replicas > 5' }];
    expect(
      await run(apply('Object{spec: Object.spec{replicas: 9}}', { matchConditions: conditions })),
    ).to.have.nested.property('spec.replicas', 1);
    expect(await run(apply('Object{spec: Object.spec{replicas: object.spec.nothing}}'))).to.match(
      /^deployments.apps "d" is forbidden: policy 'p' with binding 'b' denied request: no such key: nothing/,
    );
    expect(
      await run(apply('Object{spec: Object.spec{replicas: object.spec.nothing}}', { failurePolicy: 'Ignore' })),
    ).to.have.nested.property('spec.replicas', 1);
  });
});
