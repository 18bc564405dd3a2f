import type { Strategy } from '../registry/strategy.ts';
import { strategies as admissionregistration } from './admissionregistration/index.ts';
import { strategies as apps } from './apps/index.ts';
import { strategies as authentication } from './authentication/index.ts';
import { strategies as authorization } from './authorization/index.ts';
import { strategies as autoscaling } from './autoscaling/index.ts';
import { strategies as batch } from './batch/index.ts';
import { strategies as certificates } from './certificates/index.ts';
import { strategies as coordination } from './coordination/index.ts';
import { coreStrategies } from './core/index.ts';
import { strategies as discovery } from './discovery/index.ts';
import { strategies as flowcontrol } from './flowcontrol/index.ts';
import { strategies as networking } from './networking/index.ts';
import { strategies as node } from './node/index.ts';
import type { StrategyParts } from './parts.ts';
import { strategies as policy } from './policy/index.ts';
import { strategies as rbac } from './rbac/index.ts';
import { strategies as resource } from './resource/index.ts';
import { strategies as scheduling } from './scheduling/index.ts';
import { strategies as storage } from './storage/index.ts';
import { strategies as storagemigration } from './storagemigration/index.ts';

export type { Connector, IssueToken, ProxyTarget, StrategyParts, TokenClaims } from './parts.ts';

/** The strategies of every built-in kind, a line a group. */
export function builtinStrategies(parts: StrategyParts): readonly Strategy[] {
  return [
    ...coreStrategies(parts),
    ...admissionregistration,
    ...apps,
    ...authentication,
    ...authorization,
    ...autoscaling,
    ...batch,
    ...certificates,
    ...coordination,
    ...discovery,
    ...flowcontrol,
    ...networking,
    ...node,
    ...policy,
    ...rbac,
    ...resource,
    ...scheduling,
    ...storage,
    ...storagemigration,
  ];
}
