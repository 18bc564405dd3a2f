import { expect } from 'chai';
import fc from 'fast-check';
import type { KubernetesObject } from '../meta/index.ts';
import { builtinScheme } from '../scheme/index.ts';
import { updateManagedFields } from './index.ts';

const schemaOf = (name: string) => builtinScheme().schemaOf(`io.k8s.api.${name}`);
const schema = schemaOf('core.v1.Pod');

/** What the writer of a new object owns. */
function ownedOf(given: object, under = schema): unknown {
  const object = structuredClone(given) as KubernetesObject;
  updateManagedFields(undefined, object, {
    schema: under,
    manager: 'm',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
  });
  return object.metadata?.managedFields?.[0]?.fieldsV1;
}

const pod = (spec: object) => ({ metadata: { name: 'a' }, spec });
const withPorts = (...ports: object[]) => pod({ containers: [{ name: 'c', ports }] });

describe('sets of objects that are alike', () => {
  it('are one set where only values differ', () => {
    const [a, b] = ['x', 'y'].map((value) =>
      ownedOf(pod({ containers: [{ name: 'c', env: [{ name: 'V', value }] }] })),
    );
    expect(a).to.equal(b);
  });

  it('are made each time where so many fields would be long to compare', () => {
    const data = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`key-${index}`, 'x']));
    const [a, b] = [ownedOf({ data }, schemaOf('core.v1.ConfigMap')), ownedOf({ data }, schemaOf('core.v1.ConfigMap'))];
    expect(a).to.deep.equal(b);
    expect(a).not.to.equal(b);
  });

  const pairs: readonly (readonly [what: string, left: object, right: object, name?: string])[] = [
    ['keys that run into each other', withPorts({ containerPort: 1 }), withPorts({ containerPort: 11 })],
    ['a key that is not there', withPorts({ containerPort: 1, protocol: 'UDP' }), withPorts({ containerPort: 1 })],
    ['an item twice', withPorts({ containerPort: 1 }), withPorts({ containerPort: 1 }, { containerPort: 1 })],
    ['an empty map', pod({ nodeSelector: { a: 'b' } }), pod({ nodeSelector: {} })],
    ['a text that is empty', { handler: 'a' }, { handler: '' }, 'node.v1.RuntimeClass'],
    ['a number that is zero', { value: 1 }, { value: 0 }, 'scheduling.v1.PriorityClass'],
    ['null', pod({ containers: null }), pod({ containers: [] })],
  ];
  for (const [what, left, right, name = 'core.v1.Pod'] of pairs) {
    it(`are told apart by ${what}`, () => {
      const known = schemaOf(name);
      const fresh = (object: object) => ownedOf(object, structuredClone(known));
      expect([ownedOf(left, known), ownedOf(right, known)]).to.deep.equal([fresh(left), fresh(right)]);
    });
  }

  it('are those that would be made', () => {
    const text = fc.constantFrom('', '0', '0s', 'a', '1"a');
    const field = (value: fc.Arbitrary<unknown>) => fc.option(value, { nil: undefined });
    const port = fc.record({ containerPort: fc.constantFrom(0, 1, 11), protocol: text }, { requiredKeys: [] });
    const container = fc.record(
      {
        name: text,
        ports: fc.array(port, { maxLength: 3 }),
        tty: fc.boolean(),
        args: fc.array(text, { maxLength: 2 }),
      },
      { requiredKeys: ['name'] },
    );
    const spec = fc.record({
      containers: field(fc.array(container, { maxLength: 2 })),
      nodeSelector: field(fc.dictionary(text, text, { maxKeys: 2 })),
      securityContext: field(fc.constantFrom(null, {}, { runAsUser: 0 }, { runAsUser: 1 })),
      hostNetwork: field(fc.boolean()),
      priority: field(fc.constantFrom(0, 1)),
    });
    fc.assert(
      fc.property(spec, (each) => {
        const object = JSON.parse(JSON.stringify(pod(each))) as object;
        expect(ownedOf(object)).to.deep.equal(ownedOf(object, structuredClone(schema)));
      }),
    );
  });
});
