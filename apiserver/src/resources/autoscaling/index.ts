import type { Strategy } from '../shared/registry.ts';
import { horizontalPodAutoscalerStrategy } from './horizontalpodautoscaler/strategy.ts';

/** Kinds of the group `autoscaling`. */
export const strategies: readonly Strategy[] = [horizontalPodAutoscalerStrategy];
