import type { Pod } from '@coracle/apimachinery/types/core-v1';
import { dns1123Label } from '@coracle/apimachinery/validation';
import type { Strategy } from '../../shared/registry.ts';
import { podErrors, podUpdateErrors } from '../pod-validation/index.ts';
import type { StrategyParts } from '../../parts.ts';
import { bindingSubresource } from './binding.ts';
import { podConnections } from './connect.ts';
import { evictionSubresource } from './eviction.ts';
import { setPodDefaults } from './pod-defaults.ts';
import { isTerminal, podTable } from './pod-table.ts';
import { podSpecWarnings } from './pod-warnings.ts';
import { podSpecChanged, preparePodForCreate, preparePodForUpdate } from './prepare.ts';
import { ephemeralContainersRules, resizeRules, statusRules } from './update-rules.ts';

export function podStrategy(parts: StrategyParts): Strategy<Pod> {
  return {
    resource: { group: '', resource: 'pods' },
    defaults: setPodDefaults,
    resetFields: [['status']],
    prepareForCreate: preparePodForCreate,
    prepareForUpdate: preparePodForUpdate,
    generation: podSpecChanged,
    validate: (pod, old) => podErrors(pod, old === undefined),
    validateUpdate: podUpdateErrors,
    warnings: (pod, old) =>
      old === undefined ? [...nameWarnings(pod), ...podSpecWarnings(pod.spec ?? { containers: [] }, '')] : [],
    deletion: { gracePeriodSeconds, returnsObject: true },
    fields: podFields,
    table: podTable,
    subresources: {
      status: { type: 'update', ...statusRules },
      ephemeralcontainers: { type: 'update', ...ephemeralContainersRules },
      resize: { type: 'update', ...resizeRules },
      binding: bindingSubresource,
      eviction: evictionSubresource,
      ...podConnections(parts),
    },
  };
}

function podFields({ spec, status }: Pod): Record<string, string> {
  return {
    'spec.nodeName': spec?.nodeName ?? '',
    'spec.restartPolicy': spec?.restartPolicy ?? '',
    'spec.schedulerName': spec?.schedulerName ?? '',
    'spec.serviceAccountName': spec?.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec?.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    'status.podIP': status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  };
}

/** A pod that no node has, or that is over, goes at once. */
function gracePeriodSeconds({ spec, status }: Pod, requested: number | undefined): number {
  if (!spec?.nodeName || isTerminal(status?.phase)) return 0;
  const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}

function nameWarnings({ metadata }: Pod): string[] {
  const findings = dns1123Label(metadata?.name ?? '');
  if (findings.length === 0) return [];
  const text =
    "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
  return [`metadata.name: ${text}: [${findings.join(' ')}]`];
}
