import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin } from '../admission/admission.ts';

/** The admission plug-ins of a server, called in order. */
export interface AdmissionChain {
  /** True where some plug-in may change or look at such a write. */
  handles(operation: AdmissionOperation): boolean;
  admit(attributes: AdmissionAttributes): Promise<void>;
  validate(attributes: AdmissionAttributes): Promise<void>;
  /** Tells plug-ins that took something how the write ended. */
  finished(attributes: AdmissionAttributes, written: boolean): Promise<void>;
}

const operations: readonly AdmissionOperation[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'];

/** Sorts the plug-ins by operation and phase once, so that a write asks only those that could care. */
export function admissionChain(plugins: readonly AdmissionPlugin[]): AdmissionChain {
  const select = (has: (plugin: AdmissionPlugin) => boolean) =>
    new Map(
      operations.map((operation) => [operation, plugins.filter((p) => p.operations.includes(operation) && has(p))]),
    );
  const mutating = select((plugin) => plugin.admit !== undefined);
  const validating = select((plugin) => plugin.validate !== undefined);
  const finishing = select((plugin) => plugin.finished !== undefined);
  return {
    handles: (operation) => (mutating.get(operation)?.length ?? 0) + (validating.get(operation)?.length ?? 0) > 0,
    async admit(attributes) {
      for (const plugin of mutating.get(attributes.operation) ?? []) {
        if (plugin.handles?.(attributes) === false) continue;
        const pending = plugin.admit?.(attributes);
        if (pending instanceof Promise) await pending;
      }
    },
    async validate(attributes) {
      for (const plugin of validating.get(attributes.operation) ?? []) {
        if (plugin.handles?.(attributes) === false) continue;
        const pending = plugin.validate?.(attributes);
        if (pending instanceof Promise) await pending;
      }
    },
    async finished(attributes, written) {
      for (const plugin of finishing.get(attributes.operation) ?? []) {
        if (plugin.handles?.(attributes) === false) continue;
        await plugin.finished?.(attributes, written);
      }
    },
  };
}
