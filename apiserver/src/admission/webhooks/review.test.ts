import { expect } from 'chai';
import { readAnswer } from './review.ts';

describe('the answer of an admission webhook', () => {
  const read = (patch: string) => {
    const response = { uid: '1', allowed: true, patchType: 'JSONPatch', patch: Buffer.from(patch).toString('base64') };
    return readAnswer(
      { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response },
      '1',
      'admission.k8s.io/v1',
    );
  };

  it('has a patch that nests no deeper than an object may', () => {
    expect(read('[{"op":"add"}]').patch).to.deep.equal([{ op: 'add' }]);
    expect(() => read('['.repeat(2000) + ']'.repeat(2000))).to.throw('exceeded max depth');
  });
});
