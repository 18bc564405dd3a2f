import { createRequire } from 'node:module';

/**
 * What `kubectl explain` says of built-in types and fields, in this project's own words. A key is a type (`core.v1.Pod`) or a field
 * of one (`core.v1.PodSpec.containers`). Read when a document is first made, so that starting costs nothing.
 */
export const areas = [
  'admission',
  'cluster',
  'containers',
  'devices',
  'extensions',
  'flow',
  'meta',
  'networking',
  'pods',
  'policy',
  'requests',
  'volumes',
  'workloads',
] as const;

/** Types that have the fields of another: what is said there holds for them. */
export const sameFields: Readonly<Record<string, string>> = {
  'admissionregistration.v1.NamedRuleWithOperations': 'admissionregistration.v1.RuleWithOperations',
  'admissionregistration.v1.RuleWithOperations': 'admissionregistration.v1.Rule',
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec':
    'admissionregistration.v1.MutatingAdmissionPolicyBindingSpec',
  'admissionregistration.v1.ValidatingAdmissionPolicySpec': 'admissionregistration.v1.MutatingAdmissionPolicySpec',
  'admissionregistration.v1.ValidatingWebhook': 'admissionregistration.v1.MutatingWebhook',
  'apiextensions.v1.WebhookClientConfig': 'admissionregistration.v1.WebhookClientConfig',
  'authorization.v1.SelfSubjectAccessReviewSpec': 'authorization.v1.SubjectAccessReviewSpec',
  'core.v1.EphemeralContainer': 'core.v1.Container',
  'core.v1.PersistentVolumeSpec': 'core.v1.Volume',
};

export const metadataText = "Standard object's metadata.";

export const objectMetaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Said of every kind. */
const kindTexts: Readonly<Record<string, string>> = {
  apiVersion: 'Group and version of the schema that this object is written in.',
  kind: 'Name of the schema that this object is written in.',
  metadata: metadataText,
  spec: 'What is wanted.',
  status: 'What was last seen. Kept by the system.',
  items: 'The objects.',
};

/** Said of every condition, whatever it is a condition of. */
const conditionTexts: Readonly<Record<string, string>> = {
  type: 'What the condition is about.',
  status: 'True, False or Unknown.',
  reason: 'One word for why it is so.',
  message: 'For people: why it is so.',
  lastTransitionTime: 'When the status last changed.',
  lastUpdateTime: 'When the condition was last written.',
  lastProbeTime: 'When it was last looked at.',
};

const observedGenerationText = 'Generation of what was wanted when this was written.';

const read = createRequire(import.meta.url);
let texts: ReadonlyMap<string, string> | undefined;

function allTexts(): ReadonlyMap<string, string> {
  texts ??= new Map(areas.flatMap((area) => Object.entries(textsOfArea(area))));
  return texts;
}

/** The entries of one area's file. */
export function textsOfArea(area: (typeof areas)[number]): Readonly<Record<string, string>> {
  return read(`./${area}.json`) as Record<string, string>;
}

/** `core.v1.Pod` for `io.k8s.api.core.v1.Pod`. */
function shortName(definition: string): string {
  return definition.split('.').slice(-3).join('.');
}

/** `resource.v1.Device` for `resource.v1beta2.Device`: what is said there holds for it. */
function stableName(type: string): string | undefined {
  const name = type.replace(/\.v\d+(?:alpha|beta)\d+\./, '.v1.');
  return name === type ? undefined : name;
}

/** The text for a definition; undefined where nothing is said of it. */
export function descriptionOfType(definition: string): string | undefined {
  const type = shortName(definition);
  return allTexts().get(type) ?? allTexts().get(stableName(type) ?? '');
}

/** The text for a field of a definition; undefined where nothing is said of it. */
export function descriptionOfField(definition: string, isKind: boolean, field: string): string | undefined {
  const type = shortName(definition);
  const known = allTexts();
  for (let each: string | undefined = type; each !== undefined; each = sameFields[each] ?? stableName(each)) {
    const text = known.get(`${each}.${field}`);
    if (text !== undefined) return text;
  }
  if (isKind && Object.hasOwn(kindTexts, field)) return kindTexts[field];
  if (field === 'metadata') return metadataText;
  if (field === 'observedGeneration') return observedGenerationText;
  return type.endsWith('Condition') ? conditionTexts[field] : undefined;
}
