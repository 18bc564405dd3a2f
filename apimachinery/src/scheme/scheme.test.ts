import { expect } from 'chai';
import type { HorizontalPodAutoscaler } from '../generated/types/autoscaling-v2.ts';
import { Deployments, Events, EventsEvents, HorizontalPodAutoscalers, Pods } from '../resources/index.ts';
import type { ObjectSchema, ResourceRow } from '../schema/index.ts';
import { builtinScheme, compareVersions } from './index.ts';

const scheme = builtinScheme();

describe('scheme', () => {
  it('lists groups in upstream order, the preferred version first', () => {
    const versions = scheme.groupVersions().map(({ group, version }) => `${group}/${version}`);
    expect(versions.slice(0, 4)).to.deep.equal(['/v1', 'apiregistration.k8s.io/v1', 'apps/v1', 'events.k8s.io/v1']);
    const autoscaling = versions.indexOf('autoscaling/v2');
    expect(versions.slice(autoscaling, autoscaling + 3)).to.deep.equal([
      'autoscaling/v2',
      'autoscaling/v1',
      'batch/v1',
    ]);
    expect(versions.filter((version) => /alpha|beta/.test(version))).to.deep.equal([]);
  });

  it('knows a resource with its subresources and where it is stored', () => {
    const deployments = scheme.resource(Deployments);
    expect(
      deployments?.subresources.map(({ name, kind }) => `${name} ${kind.group}/${kind.version} ${kind.kind}`),
    ).to.deep.equal(['scale autoscaling/v1 Scale', 'status apps/v1 Deployment']);
    expect(scheme.resource({ group: '', version: 'v1', resource: 'nodes' })?.storagePrefix).to.equal('minions');
    expect(scheme.resource(HorizontalPodAutoscalers)?.storageVersion).to.equal('v2');
    expect(scheme.resource(EventsEvents)?.storageGroup).to.equal('');
    expect(scheme.resourceOfKind({ group: '', version: 'v1', kind: 'Pod' })?.verbs).to.have.lengthOf(8);
    expect(scheme.versionsOf({ group: 'autoscaling', resource: 'horizontalpodautoscalers' })).to.have.lengthOf(2);
  });

  it('finds the definition of bodies that are no resource', () => {
    const cases = [
      ['', 'v1', 'PodList', 'io.k8s.api.core.v1.PodList'],
      ['', 'v1', 'Status', 'io.k8s.apimachinery.pkg.apis.meta.v1.Status'],
      ['apps', 'v1', 'DeleteOptions', 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'],
      ['policy', 'v1', 'Eviction', 'io.k8s.api.policy.v1.Eviction'],
      ['autoscaling', 'v1', 'Scale', 'io.k8s.api.autoscaling.v1.Scale'],
      ['admission.k8s.io', 'v1', 'AdmissionReview', 'io.k8s.api.admission.v1.AdmissionReview'],
      ['', 'v1', 'Nonsense', undefined],
    ] as const;
    for (const [group, version, kind, definition] of cases) {
      expect(scheme.definitionOf({ group, version, kind })).to.equal(definition);
    }
  });

  it('reads every definition of the table', () => {
    for (const definition of scheme.definitions())
      expect(scheme.findSchema(definition), definition).to.not.equal(undefined);
    const ports = scheme.schemaOf('io.k8s.api.core.v1.ServiceSpec').fields.get('ports');
    expect(ports).to.include({ number: 1, omitEmpty: true, patchMergeKey: 'port' });
    expect(ports?.schema)
      .to.include({ type: 'list', listType: 'map' })
      .and.to.deep.include({ mapKeys: ['port', 'protocol'] });
    const hostPath = scheme.schemaOf('io.k8s.api.core.v1.Volume').fields.get('hostPath');
    expect(hostPath).to.deep.include({ number: 1, within: [2], pointer: true });
  });

  it('serves custom resources while they are there', () => {
    const own = builtinScheme();
    const schema: ObjectSchema = { type: 'object', fields: new Map() };
    const row = (version: string): ResourceRow => ({
      ...(scheme.resource(Pods) as ResourceRow),
      ...{ group: 'example.com', version, resource: 'foos', kind: 'Foo', definition: `com.example.${version}.Foo` },
    });
    own.add([
      { row: row('v1beta1'), schema },
      { row: row('v1'), schema },
    ]);
    expect(own.changes).to.equal(1);
    expect(own.groups().at(-1)).to.deep.equal({ group: 'example.com', versions: ['v1', 'v1beta1'] });
    expect(own.schemaOfKind({ group: 'example.com', version: 'v1', kind: 'Foo' })).to.equal(schema);
    own.remove([row('v1'), row('v1beta1')]);
    expect(own.changes).to.equal(2);
    expect(own.groups().map(({ group }) => group)).to.not.include('example.com');
    expect(own.definitionOf({ group: 'example.com', version: 'v1', kind: 'Foo' })).to.equal(undefined);
  });

  it('orders versions by how stable they are', () => {
    const sorted = ['v1alpha1', 'foo', 'v2', 'v1beta2', 'v10', 'v1beta10', 'v1'].sort(compareVersions);
    expect(sorted).to.deep.equal(['v10', 'v2', 'v1', 'v1beta10', 'v1beta2', 'v1alpha1', 'foo']);
  });

  it('carries what autoscaling/v1 cannot say in annotations, there and back', () => {
    const autoscaler: HorizontalPodAutoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'a', annotations: { kept: 'x' } },
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'd' },
        maxReplicas: 3,
        metrics: [
          { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } },
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
        behavior: { scaleUp: { selectPolicy: 'Max', policies: [{ type: 'Pods', value: 1, periodSeconds: 2 }] } },
      },
      status: {
        currentReplicas: 1,
        desiredReplicas: 2,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageValue: '1', averageUtilization: 7 } } },
        ],
        conditions: [{ type: 'AbleToScale', status: 'True' }],
      },
    };
    const v1 = scheme.convert(autoscaler, { group: 'autoscaling', version: 'v1' });
    expect(v1.spec)
      .to.deep.include({ targetCPUUtilizationPercentage: 50, maxReplicas: 3 })
      .and.not.to.have.property('metrics');
    expect(v1.status).to.deep.include({ currentCPUUtilizationPercentage: 7 });
    expect(v1.metadata?.annotations?.['autoscaling.alpha.kubernetes.io/metrics']).to.equal(
      '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"5"}}]',
    );
    expect(v1.metadata?.annotations?.['autoscaling.alpha.kubernetes.io/behavior']).to.include(
      '{"ScaleUp":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max"',
    );
    expect(scheme.convert(v1, { group: 'autoscaling', version: 'v2' })).to.deep.equal(autoscaler);
  });

  it('shows core events under the names of events.k8s.io and back', () => {
    const event = {
      ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, reason: 'r', message: 'm', count: 2 },
      ...{
        involvedObject: { kind: 'Pod' },
        source: { component: 'c' },
        reportingComponent: 'rc',
        firstTimestamp: null,
      },
    };
    const other = scheme.convert(event, EventsEvents);
    expect(other).to.deep.equal({
      ...{
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'e' },
        reason: 'r',
        note: 'm',
        deprecatedCount: 2,
      },
      ...{
        regarding: { kind: 'Pod' },
        deprecatedSource: { component: 'c' },
        reportingController: 'rc',
        deprecatedFirstTimestamp: null,
      },
    });
    expect(scheme.convert(other, Events)).to.deep.equal(event);
  });
});
