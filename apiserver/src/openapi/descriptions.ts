/**
 * What is said of metadata, which every kind has; `kubectl explain` shows it. Descriptions of other fields are upstream's
 * prose and not part of this repository.
 */
export const metadataText = "Standard object's metadata.";

export const objectMetaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

const objectMetaTexts: Readonly<Record<string, string>> = {
  annotations: 'Annotations are texts that programs keep with the object; nothing selects by them.',
  creationTimestamp: 'CreationTimestamp is a timestamp of when the server stored the object first. Set by the system.',
  deletionGracePeriodSeconds: 'DeletionGracePeriodSeconds is how long the object may take to go. Set by the system.',
  deletionTimestamp:
    'DeletionTimestamp is when the object will go; it is being deleted once this is set. Set by the system.',
  finalizers: 'Finalizers name those who must act before the object goes; it stays until the list is empty.',
  generateName: 'GenerateName is the beginning of a name that the server completes, used where no name is given.',
  generation: 'Generation counts the changes of what is wanted. Set by the system.',
  labels: 'Labels are short texts by which objects are selected.',
  managedFields: 'ManagedFields says who set which field. Kept by the system.',
  name: 'Name is unique among the objects of its kind in a namespace, and never changes.',
  namespace: 'Namespace is the space within which names are unique.',
  ownerReferences: 'OwnerReferences name the objects that this one depends on; it goes when all of them have gone.',
  resourceVersion:
    'ResourceVersion changes with every write; clients only compare it for being the same. Set by the system.',
  uid: 'UID is unique in time and space: an object that is made anew has another. Set by the system.',
};

/** The text for a field of a definition; undefined where nothing is said of it. */
export function descriptionOf(definition: string | undefined, field: string): string | undefined {
  if (definition === objectMetaName) return objectMetaTexts[field];
  return field === 'metadata' ? metadataText : undefined;
}
