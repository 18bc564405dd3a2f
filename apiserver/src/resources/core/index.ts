import type { StrategyParts } from '../parts.ts';
import type { Strategy } from '../shared/registry.ts';
import { bindingStrategy } from './binding/strategy.ts';
import { componentStatusStrategy } from './componentstatus/strategy.ts';
import { configMapStrategy } from './configmap/strategy.ts';
import { endpointsStrategy } from './endpoints/strategy.ts';
import { eventStrategy, eventsGroupStrategy } from './event/strategy.ts';
import { limitRangeStrategy } from './limitrange/strategy.ts';
import { namespaceStrategy } from './namespace/strategy.ts';
import { nodeStrategy } from './node/strategy.ts';
import { persistentVolumeStrategy } from './persistentvolume/strategy.ts';
import { persistentVolumeClaimStrategy } from './persistentvolumeclaim/strategy.ts';
import { podStrategy } from './pod/strategy.ts';
import { podTemplateStrategy } from './podtemplate/strategy.ts';
import { replicationControllerStrategy } from './replicationcontroller/strategy.ts';
import { resourceQuotaStrategy } from './resourcequota/strategy.ts';
import { secretStrategy } from './secret/strategy.ts';
import { serviceStrategy } from './service/strategy.ts';
import { serviceAccountStrategy } from './serviceaccount/strategy.ts';

/** Strategies of the core group, and of events.k8s.io, whose objects are core's. */
export function coreStrategies(parts: StrategyParts): readonly Strategy[] {
  return [
    bindingStrategy,
    componentStatusStrategy,
    configMapStrategy,
    endpointsStrategy,
    eventStrategy,
    eventsGroupStrategy,
    limitRangeStrategy,
    namespaceStrategy,
    nodeStrategy(parts),
    persistentVolumeStrategy,
    persistentVolumeClaimStrategy,
    podStrategy(parts),
    podTemplateStrategy,
    replicationControllerStrategy,
    resourceQuotaStrategy,
    secretStrategy,
    serviceStrategy(parts),
    serviceAccountStrategy(parts),
  ];
}
