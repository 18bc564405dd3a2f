import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { AdmissionContext } from '../../options.ts';

interface AnyBinding extends KubernetesObject {
  readonly spec?: { readonly policyName?: string };
}

/** A policy with what puts it into force. */
export interface BoundPolicy<P, B> {
  readonly policy: P;
  readonly bindings: readonly B[];
}

/** Policies of one kind that something binds, in the order of their names. */
export class PolicyBindings<P extends KubernetesObject, B extends AnyBinding> {
  readonly #policies = new Map<string, P>();
  readonly #bindings = new Map<string, B>();
  #bound: readonly BoundPolicy<P, B>[] | undefined;

  constructor({ readers, signal, environment }: AdmissionContext, policies: GroupResource, bindings: GroupResource) {
    const follow = <T extends KubernetesObject>(resource: GroupResource, into: Map<string, T>): void => {
      const changed = ({ type, object }: { type: 'set' | 'removed'; object: T }): void => {
        const name = object.metadata?.name ?? '';
        if (type === 'set') into.set(name, object);
        else into.delete(name);
        this.#bound = undefined;
      };
      readers.follow<T>(resource, changed, signal).catch((error: unknown) => {
        environment.log.error('admission policies cannot be followed', { resource, error });
      });
    };
    follow(policies, this.#policies);
    follow(bindings, this.#bindings);
  }

  get bound(): readonly BoundPolicy<P, B>[] {
    this.#bound ??= [...this.#policies.keys()].toSorted().flatMap((name) => {
      const bindings = [...this.#bindings.values()].filter(({ spec }) => spec?.policyName === name);
      return bindings.length === 0 ? [] : [{ policy: this.#policies.get(name) as P, bindings }];
    });
    return this.#bound;
  }
}
