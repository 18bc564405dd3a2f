import { fieldErrorsText, plainError } from '@coracle/apimachinery/errors';
import type { Binding } from '@coracle/apimachinery/types/core-v1';
import type { Strategy } from '../../shared/registry.ts';
import { bindingErrors, bindPod } from '../pod/binding.ts';

/** The old way to put a pod on a node: a Binding that names the pod, posted to the namespace. */
export const bindingStrategy: Strategy<Binding> = {
  resource: { group: '', resource: 'bindings' },
  generation: 'none',
  answer(binding, context) {
    // Upstream hands on what it finds as it is, not as Invalid.
    const errors = bindingErrors(binding);
    if (errors.length > 0) throw plainError(fieldErrorsText(errors));
    // The uid is the one this request was just given; only the subresource of a pod takes preconditions.
    const { uid: _, ...metadata } = binding.metadata ?? {};
    return bindPod({ ...binding, metadata }, metadata.name ?? '', context);
  },
};
