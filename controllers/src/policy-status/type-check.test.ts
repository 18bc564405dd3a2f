import { type OpenApiSchema, schemaType, type Type } from '@coracle/apimachinery/cel';
import { expect } from 'chai';
import { kindsOf } from './kinds.ts';
import { expressionWarnings } from './type-check.ts';

const schemas: Record<string, OpenApiSchema> = {
  Deployment: {
    type: 'object',
    properties: {
      metadata: { allOf: [{ $ref: '#/components/schemas/Meta' }] },
      spec: { type: 'object', properties: { replicas: { type: 'integer' }, port: { format: 'int-or-string' } } },
    },
  },
  Meta: {
    type: 'object',
    properties: {
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      creationTimestamp: { type: 'string', format: 'date-time' },
      parent: { $ref: '#/components/schemas/Meta' },
    },
  },
  Settings: { type: 'object', properties: { data: { type: 'object', additionalProperties: { type: 'string' } } } },
};
const typeOf = (name: string) =>
  schemaType(schemas[name] ?? {}, (reference) => schemas[reference.replace('#/components/schemas/', '')], name) as Type;
const deployment = { kind: { group: 'apps', version: 'v1', kind: 'Deployment' }, type: typeOf('Deployment') };

describe('type checking of policies', () => {
  const cases: [name: string, expression: string, warning: string | undefined][] = [
    ['a field that is there', 'object.spec.replicas > 1', undefined],
    ['a field that is not', 'object.spec.nope > 1', "1:12: undefined field 'nope'"],
    [
      'another type',
      "object.spec.replicas == 'a'",
      "1:22: found no matching overload for '_==_' applied to '(int, string)'",
    ],
    ['any type', "object.spec.port == 80 || object.spec.port == 'http'", undefined],
    ['a map', "object.metadata.labels.app == 'a'", undefined],
    ['a time', "object.metadata.creationTimestamp == 'a'", "applied to '(timestamp, string)'"],
    ['a schema within itself', 'object.metadata.parent.parent.anything == 1', undefined],
    ['what is always known', "object.kind == 'Deployment'", undefined],
    ['the old object', 'oldObject.spec.nope == 1', "undefined field 'nope'"],
    ['parameters', 'params.data.x == 1', "applied to '(string, int)'"],
    ['variables', 'variables.n == "a"', "applied to '(int, string)'"],
    ['a value that is no bool', 'object.spec.replicas', undefined],
  ];
  for (const [name, expression, warning] of cases) {
    it(name, () => {
      const spec = {
        paramKind: { apiVersion: 'v1', kind: 'Settings' },
        variables: [{ name: 'n', expression: 'object.spec.replicas' }],
        validations: [{ expression: 'true' }, { expression }],
      };
      const found = expressionWarnings({ spec }, [deployment], typeOf('Settings'));
      if (warning === undefined) return expect(found).to.deep.equal([]);
      expect(found.map(({ fieldRef }) => fieldRef)).to.deep.equal(['spec.validations[1].expression']);
      expect(found[0]?.warning).to.match(/^apps\/v1, Kind=Deployment: ERROR: <input>:/);
      return expect(found[0]?.warning).to.contain(warning);
    });
  }

  it('looks at the kinds that rules name, not at wildcards', () => {
    const row = (group: string, resource: string, kind: string) =>
      ({ group, version: 'v1', resource, kind, namespaced: true, verbs: [], preferred: true }) as const;
    const served = [row('apps', 'deployments', 'Deployment'), row('', 'pods', 'Pod')];
    const spec = (apiGroups: string[], resources: string[]) => ({
      matchConstraints: { resourceRules: [{ apiGroups, apiVersions: ['v1'], resources }] },
    });
    expect(kindsOf(spec(['apps', ''], ['pods', 'deployments']), served).map(({ kind }) => kind)).to.deep.equal([
      'Pod',
      'Deployment',
    ]);
    expect(kindsOf(spec(['*'], ['pods']), served)).to.deep.equal([]);
    expect(kindsOf(spec([''], ['*', 'pods/status']), served)).to.deep.equal([]);
  });
});
