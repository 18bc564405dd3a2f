import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { PodSpec } from '@coracle/apimachinery/types/core-v1';

/**
 * Containers of Windows that are processes of the host: all of a pod or none, and in the host's network
 * (pkg/apis/core/validation validateWindowsHostProcessPod; this server always allows privileged containers).
 */
export function hostProcessErrors(spec: PodSpec, path: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  const settled = (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map(({ securityContext }, index) => {
      const own = securityContext?.windowsOptions?.hostProcess;
      if (own !== undefined && ofPod !== undefined && own !== ofPod) {
        const at = `${path}.${list}[${index}].securityContext.windowsOptions.hostProcess`;
        const text = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
        errors.push(field.invalid(at, own, text));
      }
      return own ?? ofPod ?? false;
    }),
  );
  if (!settled.includes(true)) return errors;
  if (settled.includes(false)) {
    const text = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(field.invalid(path, '', text));
  }
  if (spec.hostNetwork !== true) {
    const text = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(field.invalid(`${path}.hostNetwork`, false, text));
  }
  return errors;
}
