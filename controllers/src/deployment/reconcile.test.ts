import { expect } from 'chai';
import type { Deployment, ReplicaSet } from '@coracle/apimachinery/types/apps-v1';
import { planDeployment } from './reconcile.ts';
import { makeReplicaSet } from './replica-sets.ts';

const nowMs = Date.UTC(2026, 0, 1);
const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image }] },
});

function deployment(spec: Partial<Deployment['spec']> = {}, more: Partial<Deployment> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template('one'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      progressDeadlineSeconds: 600,
      ...spec,
    },
    ...more,
    metadata: { name: 'web', namespace: 'a', uid: 'd', generation: 1, ...more.metadata },
  };
}

/** A set of the image at the revision, with all its replicas available. */
function set(image: string, revision: number, replicas: number, available = replicas): ReplicaSet {
  const made = makeReplicaSet(deployment({ template: template(image) }), []);
  return {
    ...made,
    metadata: {
      ...made.metadata,
      uid: image,
      creationTimestamp: new Date(nowMs + revision * 1000).toISOString(),
      annotations: { ...made.metadata?.annotations, 'deployment.kubernetes.io/revision': String(revision) },
    },
    spec: { ...(made.spec ?? { selector: {} }), replicas },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
  };
}

const plan = (subject: Deployment, ...replicaSets: ReplicaSet[]) =>
  planDeployment({ deployment: subject, replicaSets, podsOf: () => [], nowMs });
const sizes = (subject: Deployment, ...sets: ReplicaSet[]) =>
  Object.fromEntries(
    plan(subject, ...sets).updates.map(({ replicaSet }) => [replicaSet.metadata?.uid, replicaSet.spec?.replicas]),
  );

describe('plan of a deployment', () => {
  it('begins with a replica set of the template', () => {
    const { create, status } = plan(deployment());
    expect(create?.spec?.replicas).to.equal(3);
    expect(status?.status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal([
      'Available MinimumReplicasUnavailable',
      'Progressing NewReplicaSetCreated',
    ]);
  });

  it('gives a template the same name every time, and another after a collision', () => {
    const name = (subject: Deployment) => plan(subject).create?.metadata?.name;
    expect(name(deployment())).to.equal(name(deployment({ replicas: 9 })));
    expect(name(deployment())).not.to.equal(name(deployment({}, { status: { collisionCount: 1 } })));
  });

  const two = deployment({ template: template('two') });
  const cases: [string, ReplicaSet[], Record<string, number>][] = [
    ['grows the new set by the surge first', [set('one', 1, 3), set('two', 2, 0)], { two: 1 }],
    ['then shrinks the old one by what may be unavailable', [set('one', 1, 3), set('two', 2, 1, 0)], { one: 2 }],
    ['lets broken old pods go first', [set('one', 1, 2, 0), set('two', 2, 2)], { one: 0 }],
    ['waits while too few are available', [set('one', 1, 2), set('two', 2, 2, 0)], {}],
    ['shrinks the new set to what is wanted', [set('two', 2, 5)], { two: 3 }],
  ];
  for (const [name, sets, expected] of cases) it(name, () => expect(sizes(two, ...sets)).to.deep.equal(expected));

  it('does nothing but scale while it is paused', () => {
    const paused = deployment({ template: template('two'), paused: true, replicas: 4 });
    expect(sizes(paused, set('one', 1, 3))).to.deep.equal({ one: 4 });
    const { create, status } = plan(paused, set('one', 1, 3));
    expect(create).to.equal(undefined);
    expect(status?.status?.conditions?.find(({ type }) => type === 'Progressing')).to.include({
      status: 'Unknown',
      reason: 'DeploymentPaused',
    });
  });

  it('goes back to the revision that an annotation asks for', () => {
    const annotations = { 'deprecated.deployment.rollback.revision': '1', other: 'kept out' };
    const { deployment: next, events } = plan(
      deployment({ template: template('two') }, { metadata: { annotations } }),
      set('one', 1, 0),
      set('two', 2, 3),
    );
    expect(next?.spec.template).to.deep.equal(template('one'));
    expect(next?.metadata?.annotations).not.to.have.property('deprecated.deployment.rollback.revision');
    expect(events).to.deep.equal([
      { type: 'Normal', reason: 'DeploymentRollback', message: 'Rolled back deployment "web" to revision 1' },
    ]);
  });

  it('counts revisions in 64 bits', () => {
    const old = set('one', 1, 0);
    const annotated = {
      ...old,
      metadata: { ...old.metadata, annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' } },
    };
    expect(plan(deployment({ template: template('two') }), annotated).create?.metadata?.annotations).to.include({
      'deployment.kubernetes.io/revision': '3546343826724305833',
    });
  });

  it('refuses to select every pod', () => {
    const { events, updates } = plan(deployment({ selector: {} }), set('one', 1, 1));
    expect(events[0]).to.include({ reason: 'SelectingAll' });
    expect(updates).to.deep.equal([]);
  });
});
