import { expect } from 'chai';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { ConfigMaps } from '@coracle/apimachinery/resources';
import { decide, type OwnerState } from './decide.ts';
import { OwnershipGraph } from './graph.ts';

function record() {
  const log: string[] = [];
  const graph = new OwnershipGraph({
    attemptToDelete: (uid) => log.push(`delete ${uid}`),
    attemptToOrphan: (uid) => log.push(`orphan ${uid}`),
    ownerInOtherNamespace: (dependent) => log.push(`elsewhere ${dependent.identity.uid}`),
  });
  const observe = (
    uid: string,
    owners: string[] = [],
    more: Partial<NonNullable<KubernetesObject['metadata']>> = {},
  ) => {
    const ownerReferences = owners.map((owner) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: owner,
      uid: owner,
      blockOwnerDeletion: true,
    }));
    graph.observe(ConfigMaps, { metadata: { uid, name: uid, namespace: 'a', ownerReferences, ...more } });
  };
  const take = () => log.splice(0);
  return { graph, observe, take };
}

describe('ownership graph', () => {
  it('looks for an owner that it has not seen', () => {
    const { observe, take } = record();
    observe('child', ['owner']);
    expect(take()).to.deep.equal(['delete owner']);
    observe('owner');
    expect(take()).to.deep.equal([]);
  });

  it('tries the dependents when an owner goes, and forgets it with the last of them', () => {
    const { graph, observe, take } = record();
    observe('owner');
    observe('one', ['owner']);
    observe('two', ['owner']);
    graph.remove('owner');
    expect(take()).to.deep.equal(['delete one', 'delete two']);
    graph.remove('one');
    observe('two');
    expect(graph.size).to.equal(1);
  });

  it('keeps dependents of an owner that comes after them', () => {
    const { graph, observe, take } = record();
    observe('child', ['owner']);
    observe('owner');
    take();
    graph.remove('owner');
    expect(take()).to.deep.equal(['delete child']);
  });

  it('tries a dependent that has the uid right and the place wrong', () => {
    const { observe, take } = record();
    observe('owner', [], { namespace: 'b' });
    observe('child', ['owner']);
    expect(take()).to.deep.equal(['elsewhere child', 'delete child']);
  });

  it('starts foreground and orphaning deletion once', () => {
    const { observe, take } = record();
    observe('owner');
    observe('child', ['owner']);
    take();
    const leaving = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion', 'orphan'] };
    observe('owner', [], leaving);
    expect(take()).to.deep.equal(['orphan owner', 'delete child', 'delete owner']);
    observe('owner', [], leaving);
    expect(take()).to.deep.equal([]);
    observe('child');
    expect(take()).to.deep.equal(['delete owner']);
  });
});

describe('what becomes of an object', () => {
  const cases: [string, OwnerState[], boolean[], object, string[]?][] = [
    ['without owners it stays', [], [], { type: 'keep' }],
    ['with a living owner it stays', ['solid'], [], { type: 'keep' }],
    ['it drops owners that went', ['dangling', 'solid', 'waiting'], [], { type: 'drop-owners', uids: ['0', '2'] }],
    [
      'it goes with its last owner',
      ['dangling'],
      [],
      { type: 'delete', propagationPolicy: 'Background', unblockOwners: false },
    ],
    [
      'it goes in the foreground when an owner waits',
      ['waiting'],
      [false],
      { type: 'delete', propagationPolicy: 'Foreground', unblockOwners: false },
    ],
    [
      'it stops blocking in a circle',
      ['waiting'],
      [true],
      { type: 'delete', propagationPolicy: 'Foreground', unblockOwners: true },
    ],
    [
      'it honours its finalizers',
      ['dangling'],
      [],
      { type: 'delete', propagationPolicy: 'Orphan', unblockOwners: false },
      ['orphan'],
    ],
  ];
  for (const [name, states, dependents, expected, finalizers = []] of cases) {
    it(name, () => {
      const owners = states.map((state, index) => ({
        state,
        reference: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: String(index) },
      }));
      expect(
        decide(
          { metadata: { finalizers } },
          owners,
          dependents.map((deletingDependents) => ({ deletingDependents })),
        ),
      ).to.deep.equal(expected);
    });
  }
});
