import type * as v1beta1 from '../generated/types/certificates-v1beta1.ts';
import type { KubernetesObject } from '../meta/index.ts';
import type { Conversion } from './conversion.ts';

/** Upstream keeps pod certificate requests in v1beta1, which had two fields more; they are read in that form, not written. */
export const certificatesConversion: Conversion = {
  kinds: [{ group: 'certificates.k8s.io', kind: 'PodCertificateRequest' }],
  convert(object): KubernetesObject {
    const { spec, ...rest } = object as v1beta1.PodCertificateRequest;
    const { pkixPublicKey: _key, proofOfPossession: _proof, ...kept } = spec;
    return { ...rest, apiVersion: 'certificates.k8s.io/v1', spec: kept } as KubernetesObject;
  },
};
