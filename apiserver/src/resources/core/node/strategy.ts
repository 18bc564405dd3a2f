import type { Node } from '@coracle/apimachinery/types/core-v1';
import { cidrWarnings } from '@coracle/apimachinery/validation';
import type { StrategyParts } from '../../parts.ts';
import type { Strategy } from '../../shared/registry.ts';
import { restoreStatus } from '../../shared/status.ts';
import { ageColumn, ageOf, column, nameColumn, orNone, wideColumn } from '../../shared/table.ts';
import { roundUpToMilli } from '../pod/pod-spec-defaults.ts';
import { nodeProxy } from './proxy.ts';
import { nodeErrors, nodeUpdateErrors } from './validation.ts';

/** Source: pkg/registry/core/node. */
export function nodeStrategy(parts: StrategyParts): Strategy<Node> {
  return {
    resource: { group: '', resource: 'nodes' },
    defaults: setNodeDefaults,
    resetFields: [['status']],
    generation: 'none',
    prepareForCreate: dropConfigSource,
    prepareForUpdate(node, old) {
      restoreStatus(node, old);
      if (old.spec?.configSource === undefined) dropConfigSource(node);
    },
    validate: nodeErrors,
    validateUpdate: nodeUpdateErrors,
    warnings: nodeWarnings,
    fields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
    table: {
      columns: [
        nameColumn,
        column('Status', 'string', 'Whether the node is ready, and takes pods'),
        column('Roles', 'string', 'Roles that labels give the node'),
        ageColumn,
        column('Version', 'string', 'Version of the node agent'),
        wideColumn('Internal-IP', 'string', 'Address inside the cluster'),
        wideColumn('External-IP', 'string', 'Address outside the cluster'),
        wideColumn('OS-Image', 'string', 'Operating system'),
        wideColumn('Kernel-Version', 'string', 'Kernel and architecture'),
        wideColumn('Container-Runtime', 'string', 'Container runtime and its version'),
      ],
      row: nodeCells,
    },
    subresources: {
      status: {
        type: 'update',
        resetFields: [['spec']],
        prepareForUpdate(node, old) {
          if (old.spec === undefined) delete node.spec;
          else node.spec = old.spec;
        },
        validateUpdate: nodeUpdateErrors,
      },
      proxy: nodeProxy(parts),
    },
  };
}

function setNodeDefaults({ spec, status }: Node): void {
  // The old field and the first of the new ones say the same; a client may know only one of them.
  if (spec?.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  else if (spec?.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
  if (!status) return;
  if (status.capacity) {
    status.allocatable ??= { ...status.capacity };
    roundUpToMilli(status.capacity);
  }
  if (status.allocatable) roundUpToMilli(status.allocatable);
}

/** Dynamic node configuration is gone from Kubernetes; what still has it keeps it. */
function dropConfigSource({ spec }: Node): void {
  if (spec) delete spec.configSource;
}

function nodeWarnings({ spec }: Node): string[] {
  const warnings: string[] = [];
  if (spec?.configSource) warnings.push('spec.configSource: the feature is removed');
  if (spec?.externalID) warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  for (const [index, cidr] of (spec?.podCIDRs ?? []).entries())
    warnings.push(...cidrWarnings(`spec.podCIDRs[${index}]`, cidr));
  return warnings;
}

function nodeCells(node: Node, now: number): readonly unknown[] {
  const { metadata, spec, status } = node;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  const info = status?.nodeInfo;
  const architecture = info?.architecture ? ` (${info.architecture})` : '';
  return [
    metadata?.name,
    spec?.unschedulable ? `${state},SchedulingDisabled` : state,
    orNone(rolesOf(node).join(',')),
    ageOf(node, now),
    info?.kubeletVersion ?? '',
    addressOf(node, 'InternalIP'),
    addressOf(node, 'ExternalIP'),
    info?.osImage || '<unknown>',
    `${info?.kernelVersion || '<unknown>'}${architecture}`,
    info?.containerRuntimeVersion || '<unknown>',
  ];
}

const rolePrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

function rolesOf({ metadata }: Node): string[] {
  const roles = new Set<string>();
  for (const [name, value] of Object.entries(metadata?.labels ?? {})) {
    if (name.startsWith(rolePrefix) && name !== rolePrefix) roles.add(name.slice(rolePrefix.length));
    else if (name === roleLabel && value !== '') roles.add(value);
  }
  return [...roles].sort();
}

function addressOf({ status }: Node, type: string): string {
  return status?.addresses?.find((address) => address.type === type)?.address ?? '<none>';
}
