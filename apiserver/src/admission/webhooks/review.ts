import { parseJson } from '@coracle/apimachinery/json';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { Random } from '@coracle/apimachinery/clock';
import type { AdmissionResponse, AdmissionReview } from '@coracle/apimachinery/types/admission-v1';
import { newUuid } from '../../registry/uuid.ts';
import { userOnTheWire } from '../../resources/authentication/user-on-the-wire.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Invocation } from './match.ts';
import type { Hook } from './types.ts';

/** What an admission hook answers, checked as far as its shape goes. */
export interface HookAnswer {
  readonly allowed: boolean;
  readonly status: AdmissionResponse['status'];
  /** JSON patch operations, decoded; undefined for none. */
  readonly patch: unknown;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** The question to a hook, with objects in the version it asked for. */
export function makeReview(
  attributes: AdmissionAttributes,
  { version }: Invocation,
  hook: Hook,
  random: Random,
): { uid: string; apiVersion: string; body: string } {
  const uid = newUuid(random);
  const known = hook.admissionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1') ?? 'v1';
  const apiVersion = `admission.k8s.io/${known}`;
  const { resource, kind, subresource, namespace, name, operation, user, options, dryRun } = attributes;
  const show = (object: KubernetesObject | undefined) =>
    object === undefined ? null : attributes.toVersion(object, version);
  const request = {
    uid,
    kind: { ...plainKind(kind), version },
    resource: { ...plainResource(resource), version },
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: plainKind(kind),
    requestResource: plainResource(resource),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: userOnTheWire(user),
    object: isOwnKind(attributes) ? show(attributes.object) : (attributes.object ?? null),
    oldObject: show(attributes.oldObject),
    dryRun,
    options,
  };
  return { uid, apiVersion, body: JSON.stringify({ kind: 'AdmissionReview', apiVersion, request }) };
}

/** Bodies of `binding`, `eviction`, `scale` and CONNECT are of a kind of their own, and have one version here. */
export function isOwnKind({ object, oldObject, operation }: AdmissionAttributes): boolean {
  if (operation === 'CONNECT') return false;
  return oldObject === undefined || object === undefined || object.kind === oldObject.kind;
}

function plainKind({ group, version, kind }: AdmissionAttributes['kind']) {
  return { group, version, kind };
}

function plainResource({ group, version, resource }: AdmissionAttributes['resource']) {
  return { group, version, resource };
}

/** Throws with upstream's words where the answer is not one. */
export function readAnswer(answer: unknown, uid: string, apiVersion: string): HookAnswer {
  const { kind, apiVersion: answered, response } = (answer ?? {}) as AdmissionReview;
  if (response === undefined || response === null) throw new Error('webhook response was absent');
  if (kind !== 'AdmissionReview' || answered !== apiVersion) {
    throw new Error(
      `expected webhook response of ${apiVersion}, Kind=AdmissionReview, got ${answered ?? ''}, Kind=${kind ?? ''}`,
    );
  }
  if (response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  const { allowed = false, status, patch, patchType, warnings = [], auditAnnotations = {} } = response;
  if (patch && patchType !== 'JSONPatch') {
    throw new Error(`webhook returned response.patch but not response.patchType=JSONPatch`);
  }
  const decoded: unknown = patch ? parseJson(Buffer.from(patch, 'base64').toString()) : undefined;
  return { allowed, status, patch: decoded, warnings, auditAnnotations };
}
