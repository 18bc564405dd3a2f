import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { ValidatingAdmissionPolicies, ValidatingAdmissionPolicyBindings } from '@coracle/apimachinery/resources';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@coracle/apimachinery/types/admissionregistration-v1';
import type { GroupResource } from '@coracle/apimachinery/schema';
import type { AdmissionContext } from '../../options.ts';

/** A policy with what puts it into force. */
export interface BoundPolicy {
  readonly policy: ValidatingAdmissionPolicy;
  readonly bindings: readonly ValidatingAdmissionPolicyBinding[];
}

/** Policies that something binds, in the order of their names. */
export class PolicyBindings {
  readonly #policies = new Map<string, ValidatingAdmissionPolicy>();
  readonly #bindings = new Map<string, ValidatingAdmissionPolicyBinding>();
  #bound: readonly BoundPolicy[] | undefined;

  constructor({ readers, signal, environment }: AdmissionContext) {
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
    follow(ValidatingAdmissionPolicies, this.#policies);
    follow(ValidatingAdmissionPolicyBindings, this.#bindings);
  }

  get bound(): readonly BoundPolicy[] {
    this.#bound ??= [...this.#policies.keys()].toSorted().flatMap((name) => {
      const bindings = [...this.#bindings.values()].filter(({ spec }) => spec.policyName === name);
      const policy = this.#policies.get(name) as ValidatingAdmissionPolicy;
      return bindings.length === 0 ? [] : [{ policy, bindings }];
    });
    return this.#bound;
  }
}
