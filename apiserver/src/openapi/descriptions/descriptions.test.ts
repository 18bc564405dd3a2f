import assert from 'node:assert/strict';
import { builtinScheme } from '@coracle/apimachinery/scheme';
import { areas, descriptionOfField, descriptionOfType, sameFields, textsOfArea } from './descriptions.ts';

const packages = ['io.k8s.api', 'io.k8s.apimachinery.pkg.apis', 'io.k8s.apiextensions-apiserver.pkg.apis'];
packages.push('io.k8s.kube-aggregator.pkg.apis');

describe('descriptions of built-in types', () => {
  const scheme = builtinScheme();

  function fieldsOf(type: string): ReadonlySet<string> | undefined {
    for (const each of packages) {
      const schema = scheme.findSchema(`${each}.${type}`);
      if (schema?.type === 'object') return new Set(schema.fields.keys());
    }
    return undefined;
  }

  for (const area of areas) {
    it(`${area}: each names a type or a field that exists`, () => {
      const unknown = Object.keys(textsOfArea(area)).filter((key) => {
        const [group, version, kind, ...field] = key.split('.');
        const fields = fieldsOf(`${group}.${version}.${kind}`);
        return fields === undefined || (field.length > 0 && !fields.has(field.join('.')));
      });
      assert.deepEqual(unknown, []);
    });

    it(`${area}: each ends with a full stop`, () => {
      const unfinished = Object.entries(textsOfArea(area)).filter(([, text]) => !text.endsWith('.'));
      assert.deepEqual(unfinished, []);
    });
  }

  // crd_publish_openapi.go of upstream's suite reads these through kubectl explain.
  it('keeps the words that upstream looks for', () => {
    const created = descriptionOfField('meta.v1.ObjectMeta', false, 'creationTimestamp');
    assert.match(created ?? '', /^CreationTimestamp is a timestamp/);
  });

  it('says a thing in one place', () => {
    const keys = areas.flatMap((area) => Object.keys(textsOfArea(area)));
    assert.deepEqual(
      keys.filter((key, at) => keys.indexOf(key) !== at),
      [],
    );
  });

  it('knows the types whose fields are said to be those of others', () => {
    for (const [type, other] of Object.entries(sameFields)) {
      assert.ok(fieldsOf(type) !== undefined && fieldsOf(other) !== undefined, type);
    }
  });

  it('falls back from the field itself to the same one elsewhere, then to what is so of all kinds and conditions', () => {
    const of = (type: string, isKind: boolean, field: string) =>
      descriptionOfField(`io.k8s.api.${type}`, isKind, field);
    assert.equal(of('core.v1.EphemeralContainer', false, 'image'), of('core.v1.Container', false, 'image'));
    assert.equal(of('resource.v1beta1.CounterSet', false, 'name'), of('resource.v1.CounterSet', false, 'name'));
    const rule = 'admissionregistration.v1.NamedRuleWithOperations';
    assert.equal(of(rule, false, 'scope'), of('admissionregistration.v1.Rule', false, 'scope'));
    assert.equal(of('apps.v1.Deployment', true, 'spec'), 'What is wanted.');
    assert.equal(of('apps.v1.DeploymentCondition', false, 'status'), 'True, False or Unknown.');
    assert.equal(of('core.v1.PodSpec', false, 'noSuchField'), undefined);
    assert.equal(of('core.v1.PodSpec', false, 'spec'), undefined);
    assert.match(descriptionOfType('io.k8s.api.core.v1.Pod') ?? '', /^A Pod is/);
  });
});
