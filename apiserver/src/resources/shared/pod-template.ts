import { type FieldError, field } from '@coracle/apimachinery/errors';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import { type LabelSelector, selectorOf } from '@coracle/apimachinery/selectors';
import type { PodSpec, PodTemplateSpec } from '@coracle/apimachinery/types/core-v1';
import type { LabelSelector as LabelSelectorObject } from '@coracle/apimachinery/types/meta-v1';
import {
  dns1123Label,
  validateAnnotations,
  validateLabelSelector,
  validateLabels,
} from '@coracle/apimachinery/validation';
import { setPodSpecDefaults } from '../core/pod/pod-spec-defaults.ts';
import { podSpecWarnings } from '../core/pod/pod-warnings.ts';
import { podAnnotationErrors, podSpecErrors } from '../core/pod-validation/index.ts';

/** The spec of an object that is private to this write; made where the client left it out. */
export function specOf<T extends object>(object: { spec?: T }): T {
  return (object.spec ??= {} as T);
}

/** Defaults of the pods that a workload makes. */
export function setPodTemplateDefaults(spec: { template?: PodTemplateSpec }): void {
  const template = (spec.template ??= {});
  setPodSpecDefaults(specOf(template as { spec?: PodSpec }));
}

/** The selector of an object that validation lets through; undefined for a malformed one. */
export function parseSelector(selector: LabelSelectorObject | undefined): LabelSelector | undefined {
  try {
    return selectorOf(selector);
  } catch {
    return undefined;
  }
}

/** A selector that must be there and say something: `empty selector is invalid for <kind>`. */
export function validateRequiredSelector(
  selector: LabelSelectorObject | undefined,
  kind: string,
  path: string,
): FieldError[] {
  if (selector === undefined) return [field.required(path)];
  const errors = validateLabelSelector(selector, path);
  if (isEmptySelector(selector)) errors.push(field.invalid(path, selector, `empty selector is invalid for ${kind}`));
  return errors;
}

export function isEmptySelector(selector: LabelSelectorObject): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;
}

/** Rules of any pod template (pkg/apis/core/validation.ValidatePodTemplateSpec). */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const { labels, annotations } = template.metadata ?? {};
  const spec = template.spec ?? { containers: [] };
  const errors = validateLabels(labels, `${path}.labels`);
  errors.push(...validateAnnotations(annotations, `${path}.annotations`));
  errors.push(...podAnnotationErrors(annotations, spec, `${path}.annotations`));
  errors.push(...podSpecErrors(spec, undefined, `${path}.spec`));
  if ((template.spec?.ephemeralContainers ?? []).length > 0) {
    const text = 'ephemeral containers not allowed in pod template';
    errors.push(field.forbidden(`${path}.spec.ephemeralContainers`, text));
  }
  return errors;
}

/** A selector must choose the pods of its own template. */
export function validateTemplateLabels(template: PodTemplateSpec, selector: LabelSelector, path: string): FieldError[] {
  const labels = template.metadata?.labels;
  if (selector.empty || selector.matches(labels)) return [];
  return [field.invalid(`${path}.metadata.labels`, labels, '`selector` does not match template `labels`')];
}

/** Rules of templates whose pods are always replaced: no other restart policy, no deadline. */
export function validateLastingTemplate(template: PodTemplateSpec, kind: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always')
    errors.push(field.notSupported(`${path}.spec.restartPolicy`, restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    const text = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(field.forbidden(`${path}.spec.activeDeadlineSeconds`, text));
  }
  return errors;
}

/** Warning about a name that makes pod names that are no host names. */
function podNameWarnings(name: string | undefined): readonly string[] {
  const problems = dns1123Label(name ?? '');
  if (problems.length === 0) return [];
  const text =
    'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: ${text}: [${problems.join(' ')}]`];
}

/**
 * Warnings about the pods that a template makes: on a create and whenever the object has a new generation. `path` is that of
 * the template.
 */
export function podTemplateWarnings(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  template: PodTemplateSpec | undefined,
  path = 'spec.template',
): readonly string[] {
  if (old !== undefined && object.metadata?.generation === old.metadata?.generation) return [];
  return podSpecWarnings(template?.spec ?? { containers: [] }, `${path}.`);
}

/** The same for kinds whose name becomes that of their pods. */
export function podMakerWarnings(
  object: KubernetesObject,
  old: KubernetesObject | undefined,
  template: PodTemplateSpec | undefined,
  path?: string,
): readonly string[] {
  const ofName = old === undefined ? podNameWarnings(object.metadata?.name) : [];
  return [...ofName, ...podTemplateWarnings(object, old, template, path)];
}
