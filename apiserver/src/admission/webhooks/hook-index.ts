import type { GroupResource } from '@coracle/apimachinery/schema';
import type { AdmissionContext } from '../../options.ts';
import type { HookConfiguration, NamedHook } from './types.ts';

/** The hooks of all configurations in the order they are called: by name of the configuration, then as they stand in it. */
export class HookIndex {
  readonly #configurations = new Map<string, HookConfiguration>();
  #hooks: readonly NamedHook[] | undefined;

  constructor({ readers, signal, environment }: AdmissionContext, resource: GroupResource) {
    const changed = ({ type, object }: { type: 'set' | 'removed'; object: HookConfiguration }): void => {
      const name = object.metadata?.name ?? '';
      if (type === 'set') this.#configurations.set(name, object);
      else this.#configurations.delete(name);
      this.#hooks = undefined;
    };
    readers.follow<HookConfiguration>(resource, changed, signal).catch((error: unknown) => {
      environment.log.error('webhook configurations cannot be followed', { resource, error });
    });
  }

  get hooks(): readonly NamedHook[] {
    this.#hooks ??= [...this.#configurations.keys()].toSorted().flatMap((configuration) => {
      const { webhooks = [] } = this.#configurations.get(configuration) as HookConfiguration;
      return webhooks.map((hook) => ({ configuration, hook }));
    });
    return this.#hooks;
  }
}
