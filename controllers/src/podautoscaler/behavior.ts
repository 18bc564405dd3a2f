import type { HorizontalPodAutoscaler, HPAScalingRules } from '@coracle/apimachinery/types/autoscaling-v2';

interface Stamped {
  readonly atMs: number;
  readonly value: number;
}

/** What is remembered of one autoscaler between its rounds. */
export interface ScalingHistory {
  recommendations: Stamped[];
  scaleUps: Stamped[];
  scaleDowns: Stamped[];
}

export function newHistory(): ScalingHistory {
  return { recommendations: [], scaleUps: [], scaleDowns: [] };
}

export interface LimitedSize {
  readonly replicas: number;
  /** For the AbleToScale condition. */
  readonly stabilized?: 'ScaleUpStabilized' | 'ScaleDownStabilized';
  /** For the ScalingLimited condition. */
  readonly limit: { readonly isLimited: boolean; readonly reason: string; readonly message: string };
}

type CompleteRules = Required<Omit<HPAScalingRules, 'tolerance'>>;

const defaultUp: CompleteRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const defaultDown: CompleteRules = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};
const historyMs = 3_600_000;

/** The recommended size, calmed by recent recommendations and held within rates and bounds (KEP-853). */
export function limitSize(
  autoscaler: HorizontalPodAutoscaler,
  history: ScalingHistory,
  current: number,
  recommended: number,
  nowMs: number,
): LimitedSize {
  const up: CompleteRules = { ...defaultUp, ...autoscaler.spec?.behavior?.scaleUp };
  const down: CompleteRules = { ...defaultDown, ...autoscaler.spec?.behavior?.scaleDown };
  const min = autoscaler.spec?.minReplicas ?? 1;
  const max = autoscaler.spec?.maxReplicas ?? min;
  const calm = stabilize(history, up, down, current, recommended, nowMs);
  const rate =
    calm > current
      ? Math.max(rateLimit(history, up, current, nowMs, 1), current)
      : Math.min(rateLimit(history, down, current, nowMs, -1), current);
  const size = within(calm, current, rate, min, max);
  return calm === recommended
    ? size
    : { ...size, stabilized: recommended >= current ? 'ScaleUpStabilized' : 'ScaleDownStabilized' };
}

/** The lowest of the recent recommendations when going up, the highest when going down. */
function stabilize(
  history: ScalingHistory,
  up: CompleteRules,
  down: CompleteRules,
  current: number,
  recommended: number,
  nowMs: number,
): number {
  let lowest = recommended;
  let highest = recommended;
  for (const { atMs, value } of history.recommendations) {
    if (atMs > nowMs - up.stabilizationWindowSeconds * 1000) lowest = Math.min(lowest, value);
    if (atMs > nowMs - down.stabilizationWindowSeconds * 1000) highest = Math.max(highest, value);
  }
  const kept = Math.max(up.stabilizationWindowSeconds, down.stabilizationWindowSeconds) * 1000;
  history.recommendations = [
    ...history.recommendations.filter(({ atMs }) => atMs > nowMs - kept),
    { atMs: nowMs, value: recommended },
  ];
  return Math.min(Math.max(current, lowest), highest);
}

/** How far the policies let the size go in one direction now. */
function rateLimit(
  history: ScalingHistory,
  rules: CompleteRules,
  current: number,
  nowMs: number,
  direction: 1 | -1,
): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const proposals = rules.policies.map(({ type, value, periodSeconds }) => {
    const since = nowMs - periodSeconds * 1000;
    const sum = (events: readonly Stamped[]) =>
      events.reduce((total, { atMs, value: change }) => (atMs > since ? total + change : total), 0);
    const atStart = current - sum(history.scaleUps) + sum(history.scaleDowns);
    if (type === 'Pods') return atStart + direction * value;
    return direction > 0 ? Math.ceil(atStart * (1 + value / 100)) : Math.trunc(atStart * (1 - value / 100));
  });
  const furthest = (rules.selectPolicy === 'Min') === direction > 0 ? Math.min : Math.max;
  return furthest(...proposals);
}

function within(wanted: number, current: number, rate: number, min: number, max: number): LimitedSize {
  const limited = (replicas: number, reason: string, message: string): LimitedSize => ({
    replicas,
    limit: { isLimited: true, reason, message },
  });
  if (wanted > current && wanted > Math.min(max, rate)) {
    return max > rate
      ? limited(rate, 'ScaleUpLimit', 'the desired replica count is increasing faster than the maximum scale rate')
      : limited(max, 'TooManyReplicas', 'the desired replica count is more than the maximum replica count');
  }
  if (wanted < current && wanted < Math.max(min, rate)) {
    return min < rate
      ? limited(rate, 'ScaleDownLimit', 'the desired replica count is decreasing faster than the maximum scale rate')
      : limited(min, 'TooFewReplicas', 'the desired replica count is less than the minimum replica count');
  }
  if (wanted > max)
    return limited(max, 'TooManyReplicas', 'the desired replica count is more than the maximum replica count');
  if (wanted < min)
    return limited(min, 'TooFewReplicas', 'the desired replica count is less than the minimum replica count');
  const message = 'the desired count is within the acceptable range';
  return { replicas: wanted, limit: { isLimited: false, reason: 'DesiredWithinRange', message } };
}

export function rememberScale(history: ScalingHistory, from: number, to: number, nowMs: number): void {
  const recent = ({ atMs }: Stamped) => atMs > nowMs - historyMs;
  if (to > from) history.scaleUps = [...history.scaleUps.filter(recent), { atMs: nowMs, value: to - from }];
  else history.scaleDowns = [...history.scaleDowns.filter(recent), { atMs: nowMs, value: from - to }];
}
