import type { Strategy } from '../registry/strategy.ts';
import { strategies as apps } from './apps/index.ts';
import { coreStrategies } from './core/index.ts';
import type { StrategyParts } from './parts.ts';

export type { Connector, IssueToken, ProxyTarget, StrategyParts, TokenClaims } from './parts.ts';

/** The strategies of every built-in kind, a line a group. */
export function builtinStrategies(parts: StrategyParts): readonly Strategy[] {
  return [...coreStrategies(parts), ...apps];
}
