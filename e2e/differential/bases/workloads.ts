import { type Base, base } from './base.ts';
import { podSpecs, template } from './core.ts';

const selector = { matchLabels: { app: 'x' } };
const jobTemplate = (spec: object = {}) => ({
  metadata: { labels: { app: 'x' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'main' }], ...spec },
});

export const workloadBases: readonly Base[] = [
  base('apps/v1', 'Deployment', { spec: { replicas: 2, selector, template: template() } }),
  base('apps/v1', 'Deployment', {
    spec: {
      replicas: 3,
      selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'y'] }] },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
      minReadySeconds: 1,
      revisionHistoryLimit: 2,
      progressDeadlineSeconds: 60,
      template: template(podSpecs.rich),
    },
  }),
  base('apps/v1', 'ReplicaSet', { spec: { replicas: 1, selector, template: template() } }),
  base('apps/v1', 'DaemonSet', {
    spec: {
      selector,
      template: template(),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
    },
  }),
  base('apps/v1', 'StatefulSet', {
    spec: {
      serviceName: 'x',
      replicas: 1,
      selector,
      template: template(),
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
      ordinals: { start: 1 },
    },
  }),
  base('apps/v1', 'ControllerRevision', { data: { a: 1 }, revision: 1 }),
  base('batch/v1', 'Job', { spec: { template: jobTemplate(), backoffLimit: 2 } }),
  base('batch/v1', 'Job', {
    spec: {
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 2,
      backoffLimitPerIndex: 1,
      maxFailedIndexes: 1,
      ttlSecondsAfterFinished: 10,
      podFailurePolicy: {
        rules: [
          { action: 'FailIndex', onExitCodes: { containerName: 'main', operator: 'In', values: [1, 2] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      successPolicy: { rules: [{ succeededIndexes: '0-1', succeededCount: 1 }] },
      template: jobTemplate(),
    },
  }),
  base('batch/v1', 'CronJob', {
    spec: {
      schedule: '*/5 * * * *',
      timeZone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 10,
      successfulJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: jobTemplate({ restartPolicy: 'OnFailure' }) } },
    },
  }),
  base('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } } },
        {
          type: 'Object',
          object: {
            describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' },
            metric: { name: 'q', selector },
            target: { type: 'Value', value: '1k' },
          },
        },
      ],
      behavior: {
        scaleDown: { stabilizationWindowSeconds: 60, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
      },
    },
  }),
  base('autoscaling/v1', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
      maxReplicas: 5,
      targetCPUUtilizationPercentage: 50,
    },
  }),
  base('policy/v1', 'PodDisruptionBudget', {
    spec: { minAvailable: 1, selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  }),
  base('policy/v1', 'PodDisruptionBudget', { spec: { maxUnavailable: '50%', selector } }),
  base('scheduling.k8s.io/v1', 'PriorityClass', { value: 100, description: 'some', preemptionPolicy: 'Never' }),
  base('node.k8s.io/v1', 'RuntimeClass', {
    handler: 'runc',
    overhead: { podFixed: { cpu: '10m' } },
    scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'x', operator: 'Exists' }] },
  }),
  base('coordination.k8s.io/v1', 'Lease', {
    spec: {
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: '2020-01-01T00:00:00.000000Z',
      renewTime: '2020-01-01T00:00:01.123456Z',
      leaseTransitions: 1,
    },
  }),
  base('events.k8s.io/v1', 'Event', (name) => ({
    eventTime: '2020-01-01T00:00:00.000000Z',
    reportingController: 'test.example.com/controller',
    reportingInstance: 'one',
    action: 'Start',
    reason: 'Started',
    regarding: { kind: 'Pod', name, namespace: 'differential-events-events-k8s-io', apiVersion: 'v1' },
    note: 'Started it',
    type: 'Normal',
  })),
];
