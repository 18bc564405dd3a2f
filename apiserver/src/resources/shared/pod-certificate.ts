import { type FieldError, field } from '@coracle/apimachinery/errors';
import { qualifiedName, validateAnnotations } from '@coracle/apimachinery/validation';

/** Shortest life time of a pod's certificate, in seconds. */
export const certificateSecondsMin = 60 * 60;

const daySeconds = 24 * 60 * 60;
const kubernetesSigner = /^([^/]+\.)?kubernetes\.io(\/|$)/;

/** Longest life time of a pod's certificate, in seconds: 91 days, one day from the signers of Kubernetes (KEP-4317). */
export function certificateSecondsMax(signerName: string): number {
  return kubernetesSigner.test(signerName) ? daySeconds : 91 * daySeconds;
}

/** What a pod tells the signer of its certificate (pkg/apis/core/validation.ValidateUserAnnotations). */
export function validateUserAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
): FieldError[] {
  const keys = Object.keys(annotations ?? {}).map((key) => key.toLowerCase());
  const unprefixed = keys.filter((key) => qualifiedName(key).length === 0 && !key.includes('/'));
  return [
    ...validateAnnotations(annotations, path),
    ...unprefixed.map((key) => field.invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')),
  ];
}
