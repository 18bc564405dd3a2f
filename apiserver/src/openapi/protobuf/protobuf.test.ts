import { expect } from 'chai';
import { encodeV2, encodeV3 } from './index.ts';
import fixtures from './testdata/gnostic.json' with { type: 'json' };

/** `message` is what gnostic-models 0.7.1 makes of `document`, which has all that this server's documents have. */
describe('OpenAPI as protobuf', () => {
  it("writes gnostic's message of a v2 document", () => {
    expect(encodeV2(fixtures.v2.document).toBase64()).to.equal(fixtures.v2.message);
  });

  it("writes gnostic's message of a v3 document", () => {
    expect(encodeV3(fixtures.v3.document).toBase64()).to.equal(fixtures.v3.message);
  });
});
