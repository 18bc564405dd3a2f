import type { Strategy } from '../../registry/strategy.ts';
import type { StrategyParts } from '../parts.ts';
import { podStrategy } from './pod/strategy.ts';

/** Strategies of the core group. */
export function coreStrategies(parts: StrategyParts): readonly Strategy[] {
  return [podStrategy(parts)];
}
