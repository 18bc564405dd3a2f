import { HorizontalPodAutoscalers, Pods } from '@coracle/apimachinery/resources';
import { parseGroupVersion, type ResourceRef } from '@coracle/apimachinery/schema';
import { parseLabelSelector } from '@coracle/apimachinery/selectors';
import type { Scale } from '@coracle/apimachinery/types/autoscaling-v1';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  MetricStatus,
} from '@coracle/apimachinery/types/autoscaling-v2';
import type { Pod } from '@coracle/apimachinery/types/core-v1';
import type { WorkQueue } from '@coracle/client/workqueue';
import { keyOf, type StartController, splitKey } from '../runtime/index.ts';
import { deepEqual, formatTime, messageOf, setStatusCondition, statusEqual } from '../shared/index.ts';
import { limitSize, newHistory, rememberScale, type ScalingHistory } from './behavior.ts';
import { evaluateMetric, MetricFailure, type MetricObservation } from './evaluate-metric.ts';
import { createMetricsClient } from './metrics-client.ts';

/** `--horizontal-pod-autoscaler-sync-period`: metrics are not watched, they are asked for. */
const syncPeriodMs = 15_000;

interface Target {
  readonly resource: ResourceRef;
  readonly scale: Scale;
}

interface Outcome {
  readonly desired: number;
  readonly conditions: HorizontalPodAutoscalerCondition[];
  readonly metrics: MetricStatus[];
  readonly reason?: string;
}

export const startHorizontalPodAutoscaler: StartController = ({
  client,
  informers,
  discovery,
  events,
  clock,
  loop,
}) => {
  const autoscalers = informers.for(HorizontalPodAutoscalers);
  const pods = informers.for(Pods);
  const metrics = createMetricsClient(client);
  const histories = new Map<string, ScalingHistory>();
  const queue: WorkQueue = loop({ reconcile });
  autoscalers.addHandler({
    added: (autoscaler) => queue.add(keyOf(autoscaler)),
    updated(autoscaler, previous) {
      if (!deepEqual(autoscaler.spec, previous.spec)) queue.add(keyOf(autoscaler));
    },
    deleted: (autoscaler) => queue.add(keyOf(autoscaler)),
  });

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const autoscaler = autoscalers.lister.get(name, namespace);
    if (!autoscaler) {
      histories.delete(key);
      return;
    }
    queue.addAfter(key, syncPeriodMs);
    const target = await findTarget(autoscaler);
    if (target) await follow(key, autoscaler, target);
  }

  const condition = (
    type: string,
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): HorizontalPodAutoscalerCondition => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: formatTime(clock.now()),
  });
  const withConditions = (autoscaler: HorizontalPodAutoscaler, added: readonly HorizontalPodAutoscalerCondition[]) =>
    added.reduce<HorizontalPodAutoscalerCondition[]>(setStatusCondition, autoscaler.status?.conditions ?? []);

  async function findTarget(autoscaler: HorizontalPodAutoscaler): Promise<Target | undefined> {
    const { apiVersion = 'v1', kind = '', name = '' } = autoscaler.spec?.scaleTargetRef ?? {};
    try {
      const { group, version } = parseGroupVersion(apiVersion);
      const resource = discovery.byKind(group, kind, version) ?? discovery.byKind(group, kind);
      if (!resource) throw new Error(`no matches for kind "${kind}" in group "${group}"`);
      const key = { namespace: autoscaler.metadata?.namespace, name };
      return { resource, scale: (await client.get(resource, key, { subresource: 'scale' })) as Scale };
    } catch (error) {
      const message = messageOf(error);
      events.event(autoscaler, 'Warning', 'FailedGetScale', message);
      const text = `the HPA controller was unable to get the target's current scale: ${message}`;
      await writeStatus(autoscaler, {
        conditions: withConditions(autoscaler, [condition('AbleToScale', 'False', 'FailedGetScale', text)]),
      });
      return undefined;
    }
  }

  async function follow(key: string, autoscaler: HorizontalPodAutoscaler, target: Target): Promise<void> {
    const current = target.scale.spec?.replicas ?? 0;
    const outcome = await decide(key, autoscaler, target.scale, current);
    const conditions = [...outcome.conditions];
    const rescales = outcome.desired !== current && outcome.reason !== undefined;
    if (rescales) conditions.push(await rescale(key, autoscaler, target, current, outcome));
    await writeStatus(autoscaler, {
      currentReplicas: current,
      desiredReplicas: outcome.desired,
      currentMetrics: outcome.metrics,
      conditions: withConditions(autoscaler, conditions),
      ...(rescales ? { lastScaleTime: formatTime(clock.now()) } : {}),
    });
  }

  async function decide(
    key: string,
    autoscaler: HorizontalPodAutoscaler,
    scale: Scale,
    current: number,
  ): Promise<Outcome> {
    const ableText = "the HPA controller was able to get the target's current scale";
    const able = condition('AbleToScale', 'True', 'SucceededGetScale', ableText);
    const { minReplicas = 1, maxReplicas = 1 } = autoscaler.spec ?? {};
    const settled = (desired: number, reason: string): Outcome => ({
      desired,
      conditions: [able],
      metrics: [],
      reason,
    });
    if (current === 0 && minReplicas !== 0) {
      const text = 'scaling is disabled since the replica count of the target is zero';
      return {
        desired: 0,
        conditions: [able, condition('ScalingActive', 'False', 'ScalingDisabled', text)],
        metrics: [],
      };
    }
    if (current > maxReplicas) return settled(maxReplicas, 'Current number of replicas above Spec.MaxReplicas');
    if (current < minReplicas) return settled(minReplicas, 'Current number of replicas below Spec.MinReplicas');

    const computed = await computeReplicas(autoscaler, scale, current);
    if (computed.failure) {
      events.event(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', computed.failure);
      const conditions = computed.condition ? [able, computed.condition] : [able];
      return { desired: autoscaler.status?.desiredReplicas ?? current, conditions, metrics: computed.statuses };
    }
    let history = histories.get(key);
    if (!history)
      histories.set(key, (history = { ...newHistory(), recommendations: [{ atMs: clock.now(), value: current }] }));
    const size = limitSize(autoscaler, history, current, computed.replicas, clock.now());
    const calm =
      size.stabilized === undefined
        ? condition('AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size')
        : condition('AbleToScale', 'True', size.stabilized, stabilizedText(size.stabilized));
    const { isLimited, reason, message } = size.limit;
    const text = `the HPA was able to successfully calculate a replica count from ${computed.name}`;
    return {
      desired: size.replicas,
      conditions: [
        condition('ScalingActive', 'True', 'ValidMetricFound', text),
        calm,
        condition('ScalingLimited', isLimited ? 'True' : 'False', reason, message),
      ],
      metrics: computed.statuses,
      reason: size.replicas > current ? `${computed.name} above target` : 'All metrics below target',
    };
  }

  interface Computed {
    readonly replicas: number;
    readonly name: string;
    readonly statuses: MetricStatus[];
    readonly failure?: string;
    readonly condition?: HorizontalPodAutoscalerCondition;
  }

  /** The highest proposal of all metrics; where one could not be had, only if it is no step down. */
  async function computeReplicas(
    autoscaler: HorizontalPodAutoscaler,
    scale: Scale,
    current: number,
  ): Promise<Computed> {
    const specs = autoscaler.spec?.metrics ?? [];
    const observation = observe(autoscaler, scale, current);
    if (typeof observation === 'string') {
      const failed = condition('ScalingActive', 'False', 'InvalidSelector', observation);
      return { replicas: 0, name: '', statuses: [], failure: observation, condition: failed };
    }
    const statuses: MetricStatus[] = [];
    const failures: MetricFailure[] = [];
    let best = { replicas: 0, name: '' };
    for (const spec of specs) {
      try {
        const found = await evaluateMetric(metrics, discovery, observation, spec);
        statuses.push(found.status);
        if (best.replicas === 0 || found.replicas > best.replicas) best = found;
      } catch (error) {
        if (!(error instanceof MetricFailure)) throw error;
        events.event(autoscaler, 'Warning', error.reason, error.message);
        failures.push(error);
      }
    }
    const [first] = failures;
    if (!first || (failures.length < specs.length && best.replicas >= current)) return { ...best, statuses };
    const failure = `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first.message}`;
    const text = `the HPA was unable to compute the replica count: ${first.message}`;
    return { ...best, statuses, failure, condition: condition('ScalingActive', 'False', first.reason, text) };
  }

  function observe(autoscaler: HorizontalPodAutoscaler, scale: Scale, current: number): MetricObservation | string {
    const selector = scale.status?.selector;
    if (!selector) {
      events.event(autoscaler, 'Warning', 'SelectorRequired', 'selector is required');
      return "the HPA target's scale is missing a selector";
    }
    let selected: readonly Pod[];
    try {
      const parsed = parseLabelSelector(selector);
      selected = pods.lister
        .list(autoscaler.metadata?.namespace)
        .filter((pod) => parsed.matches(pod.metadata?.labels ?? {}));
    } catch (error) {
      const text = `couldn't convert selector into a corresponding internal selector object: ${messageOf(error)}`;
      events.event(autoscaler, 'Warning', 'InvalidSelector', text);
      return text;
    }
    const statusReplicas = scale.status?.replicas ?? 0;
    return { autoscaler, pods: selected, selector, specReplicas: current, statusReplicas, nowMs: clock.now() };
  }

  async function rescale(
    key: string,
    autoscaler: HorizontalPodAutoscaler,
    { resource, scale }: Target,
    current: number,
    { desired, reason }: Outcome,
  ): Promise<HorizontalPodAutoscalerCondition> {
    try {
      await client.update(resource, { ...scale, spec: { ...scale.spec, replicas: desired } } as Scale, {
        subresource: 'scale',
      });
    } catch (error) {
      const message = messageOf(error);
      events.event(
        autoscaler,
        'Warning',
        'FailedRescale',
        `New size: ${desired}; reason: ${reason}; error: ${message}`,
      );
      return condition(
        'AbleToScale',
        'False',
        'FailedUpdateScale',
        `the HPA controller was unable to update the target scale: ${message}`,
      );
    }
    events.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
    const history = histories.get(key);
    if (history) rememberScale(history, current, desired, clock.now());
    const text = `the HPA controller was able to update the target scale to ${desired}`;
    return condition('AbleToScale', 'True', 'SucceededRescale', text);
  }

  async function writeStatus(
    autoscaler: HorizontalPodAutoscaler,
    change: Partial<NonNullable<HorizontalPodAutoscaler['status']>>,
  ): Promise<void> {
    const status = {
      desiredReplicas: 0,
      ...autoscaler.status,
      ...change,
      observedGeneration: autoscaler.metadata?.generation ?? 0,
    };
    if (statusEqual(autoscaler.status, status)) return;
    await client.update(HorizontalPodAutoscalers, { ...autoscaler, status }, { subresource: 'status' });
  }
};

function stabilizedText(reason: 'ScaleUpStabilized' | 'ScaleDownStabilized'): string {
  return reason === 'ScaleUpStabilized'
    ? 'recent recommendations were lower than current one, applying the lowest recent recommendation'
    : 'recent recommendations were higher than current one, applying the highest recent recommendation';
}
