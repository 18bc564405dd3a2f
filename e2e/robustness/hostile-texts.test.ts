import { expect } from 'chai';
import { ApiCaller, eventually, rawStatus, ServerProcess } from '../support/index.ts';

const namespaces = '/api/v1/namespaces';
const configMaps = `${namespaces}/default/configmaps`;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** Names that every object of JavaScript has. */
const inherited = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
const repeat = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index));

/** A definition whose objects have `text`, `pattern` and `list` in their spec. */
function definition(plural: string, spec: object): object {
  const schema = { type: 'object', properties: { spec: { type: 'object', ...spec } } };
  return {
    metadata: { name: `${plural}.hostile.example` },
    spec: {
      group: 'hostile.example',
      scope: 'Namespaced',
      names: { plural, kind: plural },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

describe('texts made to do harm', () => {
  let server: ServerProcess;
  let caller: ApiCaller;

  before(async () => {
    server = await ServerProcess.start();
    caller = new ApiCaller(server);
  });
  after(() => {
    caller[Symbol.dispose]();
    return server[Symbol.asyncDispose]();
  });
  // Among them: a stretch in which nobody else was served.
  afterEach(() => expect(server.faults).to.deep.equal([]));

  const paths: readonly (readonly [string, number])[] = [
    [`${namespaces}/default/../kube-system/configmaps`, 404],
    [`${namespaces}/default/%2e%2e/configmaps`, 404],
    [`${namespaces}/default%2fconfigmaps`, 200],
    [`${configMaps}/a%2fb`, 404],
    [`${configMaps}/a%252fb`, 400],
    [`${configMaps}/%00`, 404],
    [`${configMaps}/%zz`, 400],
    [`${configMaps}/.`, 400],
    [`${configMaps}/${'a'.repeat(100_000)}`, 404],
    [`${namespaces}//default/configmaps`, 404],
    [`/api//v1/namespaces`, 404],
    ['/../../etc/passwd', 404],
    ['/healthz/../metrics', 404],
    ['*', 404],
    [`http://other${namespaces}/default`, 200],
    [`${configMaps}?%00=%zz`, 200],
    ...inherited.flatMap((name) =>
      [
        `/${name}`,
        `/apis/${name}`,
        `/api/v1/${name}`,
        `${configMaps}/${name}`,
        `${configMaps}/x/${name}`,
        `/openapi/v3/${name}`,
      ].map((path) => [path, 404] as const),
    ),
  ];
  it(`paths: ${paths.length} of them lead nowhere else`, async () => {
    const answered: (readonly [string, number])[] = [];
    for (const [path] of paths) answered.push([path, await rawStatus(server, path)]);
    expect(answered).to.deep.equal(paths);
  });

  for (const key of inherited.filter((name) => name !== '__proto__')) {
    it(`${key} is a key like any other`, async () => {
      const name = `key-${key.toLowerCase()}`;
      const body = { metadata: { name, labels: { [key]: 'v' }, annotations: { [key]: 'v' } }, data: { [key]: 'v' } };
      expect((await caller.call(configMaps, { method: 'POST', body })).status).to.equal(201);
      const selected = await caller.call(`${configMaps}?labelSelector=${key}%3Dv`);
      expect(selected.json<{ items: unknown[] }>().items).to.have.length(1);
      expect((await caller.call(`${configMaps}?labelSelector=!${key}`)).body.toString()).not.to.include(name);
    });
  }

  it('patterns of a schema, and of a rule, that would go back and forth', async () => {
    const text = { type: 'string', maxLength: 200_000, pattern: '^(a|aa)+$' };
    const spec = { properties: { text }, 'x-kubernetes-validations': [{ rule: "!self.text.matches('^(a+)+$')" }] };
    expect((await caller.call(definitions, { method: 'POST', body: definition('texts', spec) })).status).to.equal(201);
    const path = '/apis/hostile.example/v1/namespaces/default/texts';
    const make = async (value: string) => {
      const body = { apiVersion: 'hostile.example/v1', kind: 'texts', metadata: { name: 'x' }, spec: { text: value } };
      return caller.call(path, { method: 'POST', body });
    };
    await eventually(async () => expect((await make('b')).status).to.equal(422));
    expect((await make(`${'a'.repeat(100_000)}!`)).body.toString()).to.include("should match '^(a|aa)+$'");
    expect((await make('a'.repeat(100_000))).body.toString()).to.include('failed rule');
  });

  const rules: readonly (readonly [string, string])[] = [
    ['fields of fields', `self${'.a'.repeat(10_000)}`],
    ['parentheses', `${'('.repeat(10_000)}true${')'.repeat(10_000)}`],
    ['lists', `${'['.repeat(5000)}${']'.repeat(5000)} == []`],
    ['conditions', `${'true ? '.repeat(3000)}true${' : false'.repeat(3000)}`],
    ['sums', `${repeat(5000, () => '1').join(' + ')} > 0`],
    ['macros', repeat(40, () => '').reduce((inner, _, index) => `self.list.all(x${index}, ${inner})`, 'true')],
  ];
  for (const [what, rule] of rules) {
    it(`a rule of ${what} within each other is refused`, async () => {
      const list = { type: 'array', maxItems: 1000, items: { type: 'string' } };
      const body = definition('rules', { properties: { list }, 'x-kubernetes-validations': [{ rule }] });
      expect((await caller.call(`${definitions}?dryRun=All`, { method: 'POST', body })).status).to.equal(422);
    });
  }

  it('a schema 1,000 deep is refused, one of 100,000 values of an enum is taken', async () => {
    const nested = repeat(1000, () => '').reduce<object>((a) => ({ type: 'object', properties: { a } }), {
      type: 'string',
    });
    expect((await caller.call(definitions, { method: 'POST', body: definition('deep', nested) })).status).to.equal(400);
    const wide = { properties: { a: { type: 'string', enum: repeat(100_000, (index) => `v${index}`) } } };
    expect((await caller.call(definitions, { method: 'POST', body: definition('wide', wide) })).status).to.equal(201);
  });

  const selectors: readonly (readonly [string, string, number])[] = [
    ['labelSelector', `a in (${repeat(15_000, (index) => `v${index}`).join(',')})`, 200],
    ['labelSelector', repeat(10_000, (index) => `k${index}=v`).join(','), 200],
    ['labelSelector', '('.repeat(100_000), 400],
    ['fieldSelector', repeat(10_000, () => 'metadata.name!=a').join(','), 200],
  ];
  for (const [parameter, text, status] of selectors) {
    it(`a ${parameter} of ${text.length} characters, ${text.slice(0, 10)}…`, async () => {
      const answer = await caller.call(`${configMaps}?${parameter}=${encodeURIComponent(text)}`);
      expect(answer.status).to.equal(status);
    });
  }

  it('patches of many operations, and of copies of copies', async () => {
    await caller.call(configMaps, { method: 'POST', body: { metadata: { name: 'patched' }, data: { a: 'x' } } });
    const patch = async (operations: readonly object[]) => {
      const headers = { 'content-type': 'application/json-patch+json' };
      const answer = await caller.call(`${configMaps}/patched`, {
        method: 'PATCH',
        headers,
        body: JSON.stringify(operations),
      });
      return answer.status;
    };
    const replace = { op: 'replace', path: '/data/a', value: 'y' };
    expect(await patch(Array.from({ length: 10_000 }, () => replace))).to.equal(200);
    expect(await patch(Array.from({ length: 10_001 }, () => replace))).to.equal(413);
    const copy = (_: unknown, index: number) => ({ op: 'copy', from: '/data', path: `/data/c${index}` });
    expect(await patch(Array.from({ length: 40 }, copy))).to.equal(413);
  });

  it('annotations of more than 256 KiB', async () => {
    const body = { metadata: { name: 'annotated', annotations: { a: 'x'.repeat(1 << 18) } } };
    const answer = await caller.call(configMaps, { method: 'POST', body });
    expect([answer.status, answer.body.toString()]).to.satisfy(
      ([status, text]: [number, string]) => status === 422 && text.includes('may not be more than 262144 bytes'),
    );
  });
});
