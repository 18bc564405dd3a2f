import { createRequire } from 'node:module';

/**
 * What `kubectl explain` says of built-in types and fields, in this project's own words. A key is a type (`core.v1.Pod`) or a field
 * of one (`core.v1.PodSpec.containers`). Read when a document is first made, so that starting costs nothing.
 */
export const areas = [
  'cluster',
  'containers',
  'extensions',
  'meta',
  'networking',
  'pods',
  'policy',
  'volumes',
  'workloads',
] as const;

/** Types that have the fields of another: what is said there holds for them. */
export const sameFields: Readonly<Record<string, string>> = {
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

/** The text for a definition; undefined where nothing is said of it. */
export function descriptionOfType(definition: string): string | undefined {
  return allTexts().get(shortName(definition));
}

/** The text for a field of a definition; undefined where nothing is said of it. */
export function descriptionOfField(definition: string, isKind: boolean, field: string): string | undefined {
  const type = shortName(definition);
  const known = allTexts();
  const own = known.get(`${type}.${field}`) ?? known.get(`${sameFields[type]}.${field}`);
  if (own !== undefined) return own;
  if (isKind && Object.hasOwn(kindTexts, field)) return kindTexts[field];
  if (field === 'metadata') return metadataText;
  if (field === 'observedGeneration') return observedGenerationText;
  return type.endsWith('Condition') ? conditionTexts[field] : undefined;
}
