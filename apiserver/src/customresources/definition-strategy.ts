import { deepEqual } from '@coracle/apimachinery/json';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { timestamp } from '../registry/metadata.ts';
import type { Strategy, WriteContext } from '../registry/strategy.ts';
import { acceptNames, isEstablished, withCondition } from './definition-names.ts';
import {
  definitionNameProblems,
  validateDefinition,
  validateDefinitionUpdate,
  validateStoredVersions,
} from './definition-validation.ts';

export const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' } as const;
/** Holds a definition until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export interface DefinitionHooks {
  /** Serves the definition as it is now; called before the write that made it is answered. */
  changed(definition: CustomResourceDefinition): void;
}

/** Custom resource definitions as objects: names are accepted and conditions set as part of the write. */
export function definitionStrategy(hooks: DefinitionHooks): Strategy<CustomResourceDefinition> {
  return {
    resource: definitions,
    validateName: definitionNameProblems,
    judgesNamesAgain: true,
    defaults: setDefaults,
    prepareForCreate(definition) {
      definition.status = { storedVersions: storageVersions(definition) };
    },
    prepareForUpdate(definition, old) {
      definition.status = old.status ?? {};
      const stored = new Set([...(old.status?.storedVersions ?? []), ...storageVersions(definition)]);
      definition.status = { ...definition.status, storedVersions: [...stored] };
    },
    validate: validateDefinition,
    validateUpdate: (definition, old) => validateDefinitionUpdate(definition, old, isEstablished(old)),
    async beginCreate(definition, context) {
      definition.status = await statusOf(definition, context);
      return undefined;
    },
    async beginUpdate(definition, old, context) {
      if (!deepEqual(definition.spec.names, old.spec.names)) definition.status = await statusOf(definition, context);
      return undefined;
    },
    afterCreate: (stored) => hooks.changed(stored),
    afterUpdate: (stored) => hooks.changed(stored),
    deletion: {
      defaultPropagation: 'unsupported',
      failedPrecondition: 'precondition failed',
      marksTimeOnly: true,
      holds: (definition) => definition.metadata?.deletionTimestamp === undefined && isEstablished(definition),
      markDeleting: markTerminating,
    },
    subresources: {
      status: {
        type: 'update',
        validateUpdate: (definition) => validateStoredVersions(definition),
      },
    },
    table: {
      columns: [
        { name: 'Name', type: 'string', format: 'name', description: 'Name of the definition', priority: 0 },
        { name: 'Scope', type: 'string', format: '', description: 'Namespaced or Cluster', priority: 0 },
        { name: 'Versions', type: 'string', format: '', description: 'Versions that are served', priority: 0 },
        { name: 'Created At', type: 'date', format: '', description: 'Time the definition was created', priority: 0 },
      ],
      row: ({ metadata, spec }) => [
        metadata?.name ?? '',
        spec.scope,
        spec.versions
          .filter(({ served }) => served)
          .map(({ name }) => name)
          .join(','),
        metadata?.creationTimestamp ?? null,
      ],
    },
  };
}

function setDefaults(definition: CustomResourceDefinition): void {
  // What is left out is found by validation.
  const spec = (definition.spec ??= {} as CustomResourceDefinition['spec']);
  spec.names = { ...spec.names, plural: spec.names?.plural ?? '', kind: spec.names?.kind ?? '' };
  spec.group ??= '';
  spec.scope ??= '';
  spec.versions ??= [];
  spec.names.singular ||= spec.names.kind.toLowerCase();
  if (spec.names.kind !== '') spec.names.listKind ||= `${spec.names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
}

function storageVersions({ spec }: CustomResourceDefinition): string[] {
  return spec.versions.filter((version) => version.storage).map((version) => version.name);
}

async function statusOf(definition: CustomResourceDefinition, context: WriteContext) {
  const others = await context.readers.list<CustomResourceDefinition>(definitions);
  return acceptNames(definition, others, timestamp(context.environment.clock.now()));
}

/** As upstream's registry does: the finalizer comes with the first delete, not with the object. */
function markTerminating(definition: CustomResourceDefinition, context: WriteContext): void {
  const finalizers = definition.metadata?.finalizers ?? [];
  if (isEstablished(definition) && !finalizers.includes(cleanupFinalizer)) {
    definition.metadata = { ...definition.metadata, finalizers: [...finalizers, cleanupFinalizer] };
  }
  const conditions = withCondition(definition.status?.conditions ?? [], {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: timestamp(context.environment.clock.now()),
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  });
  definition.status = { ...definition.status, conditions };
}
