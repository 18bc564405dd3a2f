import { expect } from 'chai';
import { negotiate, negotiateStream } from './accept.ts';
import { wantsPretty } from './content-type.ts';

const builtin = { protobuf: true, table: true, transforms: true };
const custom = { protobuf: false, table: true, transforms: true };
const review = { protobuf: true, table: false, transforms: true };
const table = 'as=Table;v=v1;g=meta.k8s.io';

describe('negotiation', () => {
  const cases = [
    { it: 'answers JSON to a client that does not say', accept: undefined, gives: 'json' },
    {
      it: 'takes the first of equals',
      accept: 'application/vnd.kubernetes.protobuf,application/json',
      gives: 'protobuf',
    },
    { it: 'goes by quality', accept: 'application/json;q=0.5,application/yaml', gives: 'yaml' },
    { it: 'prefers the specific to the wild', accept: '*/*,application/yaml', gives: 'yaml' },
    {
      it: 'passes over what a custom resource lacks',
      accept: 'application/vnd.kubernetes.protobuf,*/*',
      gives: 'json',
      of: custom,
    },
    {
      it: 'gives metadata of custom resources as protobuf',
      of: custom,
      gives: 'protobuf PartialObjectMetadata',
      accept: 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    },
    { it: 'gives tables as kubectl asks', accept: `application/json;${table},application/json`, gives: 'json Table' },
    {
      it: 'has no table in protobuf',
      accept: `application/vnd.kubernetes.protobuf;${table},application/json`,
      gives: 'json',
    },
    {
      it: 'passes over a table where there is none',
      accept: `application/json;${table},application/json`,
      gives: 'json',
      of: review,
    },
    {
      it: 'refuses a table where there is none and nothing else will do',
      accept: `application/json;${table}`,
      gives: 'NotAcceptable',
      of: review,
    },
    { it: 'refuses what nobody makes', accept: 'text/html', gives: 'NotAcceptable' },
    {
      it: 'does not know kinds of other groups',
      accept: 'application/json;as=Table;g=other;v=v1',
      gives: 'NotAcceptable',
    },
  ];
  for (const { it: name, accept, gives, of = builtin } of cases) {
    it(name, () => {
      expect(outcome(() => negotiate(accept, of))).to.equal(gives);
    });
  }

  it('refuses custom resources in the words of what serves them', () => {
    expect(() => negotiate('text/html', custom)).to.throw(
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  });

  it('streams no YAML', () => {
    expect(outcome(() => negotiateStream('application/yaml', builtin))).to.equal('NotAcceptable');
    expect(outcome(() => negotiateStream('application/json;stream=watch', builtin))).to.equal('json');
  });

  it('indents for people', () => {
    expect(wantsPretty(null, 'curl/8')).to.equal(true);
    expect(wantsPretty('false', 'curl/8')).to.equal(false);
    expect(wantsPretty('1', 'kubectl/v1.37')).to.equal(true);
    expect(wantsPretty(null, 'kubectl/v1.37')).to.equal(false);
  });
});

function outcome(work: () => ReturnType<typeof negotiate>): string {
  try {
    const { encoding, transform } = work();
    return transform === undefined ? encoding : `${encoding} ${transform.kind}`;
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}
