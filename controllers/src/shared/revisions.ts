import { isStatus } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { ControllerRevisions } from '@coracle/apimachinery/resources';
import { groupVersion, type ResourceRef } from '@coracle/apimachinery/schema';
import type { ControllerRevision } from '@coracle/apimachinery/types/apps-v1';
import type { PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import type { Client } from '@coracle/client/rest';
import { objectKey } from '../runtime/keys.ts';
import { deepEqual } from './equality.ts';
import { hashOf } from './hash.ts';
import { controllerReference } from './owners.ts';
import { byCreation, compareText } from './time.ts';

const nameCharactersMax = 253;

/** What a revision of a pod template is made from. */
export interface RevisionSource {
  readonly owner: KubernetesObject;
  readonly ownerResource: ResourceRef;
  readonly template: PodTemplateSpec | undefined;
  /** Label that carries the hash on the revision. */
  readonly hashLabel: string;
  readonly collisionCount: number;
}

export interface EnsuredRevision {
  readonly revision: ControllerRevision;
  readonly collisionCount: number;
}

/**
 * A strategic merge patch that puts the template back: what `kubectl rollout undo` applies. Keys are in order, because
 * clients compare its bytes with those of the patch that they would make.
 */
export function revisionData(template: PodTemplateSpec | undefined): Record<string, unknown> {
  return { spec: { template: inOrder({ ...template, $patch: 'replace' }) } };
}

function inOrder(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(inOrder);
  if (typeof data !== 'object' || data === null) return data;
  const entries = Object.entries(data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => compareText(a, b)).map(([key, value]) => [key, inOrder(value)]));
}

/** The template that a revision keeps. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec | undefined {
  const { spec } = (revision.data ?? {}) as { spec?: { template?: PodTemplateSpec & { $patch?: string } } };
  if (!spec?.template) return undefined;
  const { $patch: _, ...template } = spec.template;
  return template;
}

export function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  return (a.revision ?? 0) - (b.revision ?? 0) || byCreation(a, b);
}

/** Hash of a revision as pods carry it. */
export function revisionHash(revision: ControllerRevision, hashLabel: string): string {
  return revision.metadata?.labels?.[hashLabel] ?? '';
}

/**
 * The revision of the template, the latest of all: found, renumbered when it was an older one, or made. A name that another
 * template took raises the collision count and with it the hash.
 */
export async function ensureRevision(
  client: Client,
  source: RevisionSource,
  existing: readonly ControllerRevision[],
): Promise<EnsuredRevision> {
  const sorted = [...existing].sort(byRevision);
  const latest = sorted.at(-1);
  const data = revisionData(source.template);
  const equal = sorted.findLast((revision) => deepEqual(revision.data, data));
  if (equal && equal === latest) return { revision: equal, collisionCount: source.collisionCount };
  const number = (latest?.revision ?? 0) + 1;
  if (equal) {
    const revision = await client.update(ControllerRevisions, { ...equal, revision: number });
    return { revision, collisionCount: source.collisionCount };
  }
  return createRevision(client, source, number);
}

async function createRevision(client: Client, source: RevisionSource, number: number): Promise<EnsuredRevision> {
  for (let collisionCount = source.collisionCount; ; collisionCount++) {
    const revision = makeRevision({ ...source, collisionCount }, number);
    try {
      return { revision: await client.create(ControllerRevisions, revision), collisionCount };
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
      const taken = await client.get(ControllerRevisions, objectKey(revision));
      if (deepEqual(taken.data, revision.data)) return { revision: taken, collisionCount };
    }
  }
}

function makeRevision(source: RevisionSource, number: number): ControllerRevision {
  const { owner, ownerResource, template, hashLabel, collisionCount } = source;
  const { name = '', namespace = '' } = owner.metadata ?? {};
  const hash = hashOf(template, collisionCount);
  return {
    apiVersion: groupVersion(ControllerRevisions),
    kind: ControllerRevisions.kind,
    metadata: {
      name: `${name.slice(0, nameCharactersMax - hash.length - 1)}-${hash}`,
      namespace,
      labels: { ...template?.metadata?.labels, [hashLabel]: hash },
      ...(owner.metadata?.annotations ? { annotations: owner.metadata.annotations } : {}),
      ownerReferences: [controllerReference(owner, ownerResource)],
    },
    data: revisionData(template),
    revision: number,
  };
}
