import { notFound, quote } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { ClusterRoleBindings, ClusterRoles, RoleBindings, Roles } from '@coracle/apimachinery/resources';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '@coracle/apimachinery/types/rbac-v1';
import type { UserInfo } from '../../http/api-request.ts';
import type { Readers } from '../../registry/readers.ts';
import { serviceAccountUsername } from '../authenticators/index.ts';

/** One subject of a binding. */
interface Grant {
  readonly roleRef: RoleRef;
  readonly binding: RoleBinding | ClusterRoleBinding;
  readonly subject: Subject;
}

/** By subject: `u:<user name>` or `g:<group>`; the binding's key is in the inner map so that it can be taken out again. */
type Grants = Map<string, Map<string, Grant>>;

/** Somewhere a rule was found. */
export interface RuleSource {
  readonly rules: readonly PolicyRule[];
  readonly grant: Grant;
}

const noRules: readonly PolicyRule[] = [];

/** Roles by name and bindings by subject, kept up to date from the cache. */
export class PolicyIndex {
  /** Cluster roles under their name, roles under `namespace/name`. */
  readonly #rules = new Map<string, readonly PolicyRule[]>();
  readonly #clusterGrants: Grants = new Map();
  readonly #namespaceGrants = new Map<string, Grants>();
  readonly #readers: Readers;
  readonly #signal: AbortSignal;
  #loaded: Promise<void> | undefined;

  constructor(readers: Readers, signal: AbortSignal) {
    this.#readers = readers;
    this.#signal = signal;
  }

  /** Begins to follow at the first call, with everything that is stored by then. */
  ready(): Promise<void> {
    this.#loaded ??= this.#follow();
    return this.#loaded;
  }

  async #follow(): Promise<void> {
    const [readers, signal] = [this.#readers, this.#signal];
    await readers.list(ClusterRoleBindings, undefined, { type: 'newest' });
    await Promise.all([
      readers.follow<ClusterRole>(ClusterRoles, ({ type, object }) => this.#setRole(type, object), signal),
      readers.follow<Role>(Roles, ({ type, object }) => this.#setRole(type, object), signal),
      readers.follow<ClusterRoleBinding>(
        ClusterRoleBindings,
        ({ type, object }) => this.#setBinding(type, object),
        signal,
      ),
      readers.follow<RoleBinding>(RoleBindings, ({ type, object }) => this.#setBinding(type, object), signal),
    ]);
  }

  /**
   * Calls `visit` with the rules of every binding that applies, those of the cluster first, until it returns true. Errors
   * (a role that is missing) are collected, never thrown.
   */
  visit(
    { username, groups }: UserInfo,
    namespace: string,
    visit: (source: RuleSource) => boolean,
    errors: string[],
  ): boolean {
    const local = namespace === '' ? undefined : this.#namespaceGrants.get(namespace);
    for (const grants of [this.#clusterGrants, local]) {
      if (grants === undefined) continue;
      if (this.#visitGrants(grants.get(`u:${username}`), namespace, visit, errors)) return true;
      for (const group of groups)
        if (this.#visitGrants(grants.get(`g:${group}`), namespace, visit, errors)) return true;
    }
    return false;
  }

  #visitGrants(
    grants: ReadonlyMap<string, Grant> | undefined,
    namespace: string,
    visit: (source: RuleSource) => boolean,
    errors: string[],
  ): boolean {
    if (grants === undefined) return false;
    for (const grant of grants.values()) {
      const rules = this.#rulesOf(grant.roleRef, namespace);
      if (rules === undefined) errors.push(missingRole(grant.roleRef));
      else if (visit({ rules, grant })) return true;
    }
    return false;
  }

  #rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    return this.#rules.get(kind === 'Role' ? `${namespace}/${name}` : name);
  }

  #setRole(type: 'set' | 'removed', { metadata, rules }: Role | ClusterRole): void {
    const key = metadata?.namespace ? `${metadata.namespace}/${metadata.name}` : (metadata?.name ?? '');
    if (type === 'set') this.#rules.set(key, rules ?? noRules);
    else this.#rules.delete(key);
  }

  #setBinding(type: 'set' | 'removed', binding: RoleBinding | ClusterRoleBinding): void {
    const { namespace = '', name = '' } = binding.metadata ?? {};
    const grants = namespace === '' ? this.#clusterGrants : this.#grantsOf(namespace);
    for (const [subject, bindings] of grants) {
      if (bindings.delete(name) && bindings.size === 0) grants.delete(subject);
    }
    if (type === 'removed') {
      if (grants.size === 0) this.#namespaceGrants.delete(namespace);
      return;
    }
    // Only the first subject of a binding that applies is named, as upstream does.
    for (const subject of (binding.subjects ?? []).toReversed()) {
      const key = subjectKey(subject, namespace);
      if (key === undefined) continue;
      const bindings = grants.get(key) ?? new Map<string, Grant>();
      bindings.set(name, { roleRef: binding.roleRef, binding, subject });
      grants.set(key, bindings);
    }
  }

  #grantsOf(namespace: string): Grants {
    let grants = this.#namespaceGrants.get(namespace);
    if (grants === undefined) {
      grants = new Map();
      this.#namespaceGrants.set(namespace, grants);
    }
    return grants;
  }
}

function subjectKey({ kind, name, namespace }: Subject, bindingNamespace: string): string | undefined {
  if (kind === 'User') return `u:${name}`;
  if (kind === 'Group') return `g:${name}`;
  const home = namespace || bindingNamespace;
  return kind === 'ServiceAccount' && home !== '' ? `u:${serviceAccountUsername(home, name)}` : undefined;
}

function missingRole({ kind, name }: RoleRef): string {
  if (kind !== 'Role' && kind !== 'ClusterRole') return `unsupported role reference kind: ${quote(kind)}`;
  return notFound(kind === 'Role' ? Roles : ClusterRoles, name).message;
}

/** `ClusterRoleBinding "x" of ClusterRole "y" to User "z"`. */
export function describeGrant({ binding, roleRef, subject }: Grant): string {
  const { namespace, name = '' } = (binding as KubernetesObject).metadata ?? {};
  const what = namespace ? `RoleBinding ${quote(`${name}/${namespace}`)}` : `ClusterRoleBinding ${quote(name)}`;
  const home = subject.namespace || (namespace ?? '');
  const whom = subject.kind === 'ServiceAccount' ? `${subject.name}/${home}` : subject.name;
  return `${what} of ${roleRef.kind} ${quote(roleRef.name)} to ${subject.kind} ${quote(whom)}`;
}
