import { IngressClasses, Ingresses, PersistentVolumeClaims, StorageClasses } from '@coracle/apimachinery/resources';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { PersistentVolumeClaim } from '@coracle/apimachinery/types/core-v1';
import type { Ingress } from '@coracle/apimachinery/types/networking-v1';
import type { AdmissionContext } from '../../options.ts';
import type { AdmissionPlugin } from '../admission.ts';
import { isOf } from '../refuse.ts';

const claimClassAnnotation = 'volume.beta.kubernetes.io/storage-class';
const defaultStorageClassAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const ingressClassAnnotation = 'kubernetes.io/ingress.class';
const defaultIngressClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';

/** A claim without a class gets the default one: the newest of several. */
export function defaultStorageClass({ readers }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    operations: ['CREATE'],
    handles: (attributes) => isOf(attributes, PersistentVolumeClaims),
    async admit({ object }) {
      const claim = object as PersistentVolumeClaim;
      if (claim.spec?.storageClassName !== undefined) return;
      if (claim.metadata?.annotations?.[claimClassAnnotation] !== undefined) return;
      const all = await readers.list(StorageClasses);
      const [chosen] = all.filter((each) => isDefault(each, defaultStorageClassAnnotations)).toSorted(newestFirst);
      const name = chosen?.metadata?.name;
      if (name !== undefined) claim.spec = { ...claim.spec, storageClassName: name };
    },
  };
}

export function defaultIngressClass({ readers }: AdmissionContext): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    operations: ['CREATE'],
    handles: (attributes) => isOf(attributes, Ingresses),
    async admit({ object }) {
      const ingress = object as Ingress;
      if (ingress.spec?.ingressClassName !== undefined) return;
      if (ingress.metadata?.annotations?.[ingressClassAnnotation] !== undefined) return;
      const all = await readers.list(IngressClasses);
      const defaults = all.filter((each) => isDefault(each, [defaultIngressClassAnnotation])).toSorted(newestFirst);
      const name = defaults[0]?.metadata?.name;
      if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name };
    },
  };
}

function isDefault({ metadata }: KubernetesObject, annotations: readonly string[]): boolean {
  return annotations.some((annotation) => metadata?.annotations?.[annotation] === 'true');
}

function newestFirst({ metadata: a }: KubernetesObject, { metadata: b }: KubernetesObject): number {
  const [left, right] = [a?.creationTimestamp ?? '', b?.creationTimestamp ?? ''];
  if (left !== right) return left < right ? 1 : -1;
  return (a?.name ?? '') < (b?.name ?? '') ? -1 : 1;
}
