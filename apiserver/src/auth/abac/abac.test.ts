import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textOfError } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { AbacAuthorizer } from './abac-authorizer.ts';
import { readPolicyFile } from './policy-file.ts';

const policy = (spec: object) =>
  JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec });

const content = [
  '# comments and empty lines are left out',
  '',
  policy({ user: 'alice', namespace: '*', resource: '*', apiGroup: '*' }),
  policy({ user: 'bob', namespace: 'team', resource: 'pods', readonly: true }),
  policy({ group: '*', readonly: true, nonResourcePath: '/healthz*' }),
  policy({ user: 'carol', group: 'devs', namespace: 'team', resource: 'pods' }),
  '{"user":"dave"}',
].join('\n');

describe('ABAC authorizer', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coracle-abac-'));
  });
  after(() => rm(directory, { recursive: true }));

  const read = async (text: string) => {
    const path = join(directory, 'policies');
    await writeFile(path, text);
    return readPolicyFile(path);
  };

  const rows: [who: string, what: string, allowed: boolean][] = [
    ['alice', 'create deployments.apps team', true],
    ['alice', 'get /metrics', false],
    ['bob', 'get pods team', true],
    ['bob', 'create pods team', false],
    ['bob', 'get pods other', false],
    ['bob', 'get pods.metrics.k8s.io team', false],
    ['bob', 'get /healthz/ping', true],
    ['carol', 'create pods team', false],
    ['carol/devs', 'create pods team', true],
    ['dave', 'post /metrics', true],
    ['dave', 'create deployments.apps other', true],
  ];
  for (const [who, what, allowed] of rows) {
    it(`${who} ${allowed ? 'may' : 'may not'} ${what}`, async () => {
      const authorizer = new AbacAuthorizer(await read(content));
      const [username = '', ...groups] = who.split('/');
      const [verb = '', named = '', namespace = ''] = what.split(' ');
      const isPath = named.startsWith('/');
      const [resource = '', ...group] = isPath ? [] : named.split('.');
      const { decision } = authorizer.authorize({
        user: { username, groups: [...groups, 'system:authenticated'], extra: {} },
        verb,
        isResourceRequest: !isPath,
        namespace,
        apiGroup: group.join('.'),
        apiVersion: 'v1',
        resource,
        subresource: '',
        name: '',
        path: isPath ? named : '',
      });
      expect(decision).to.equal(allowed ? 'allow' : 'no-opinion');
    });
  }

  it('lists the rules of a user in a namespace', async () => {
    const authorizer = new AbacAuthorizer(await read(content));
    const user = { username: 'bob', groups: ['system:authenticated'], extra: {} };
    expect(await authorizer.rulesFor(user, 'team')).to.deep.equal({
      resourceRules: [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] }],
      nonResourceRules: [],
      incomplete: false,
    });
  });

  const refused: [line: string, message: RegExp][] = [
    ['{"user":', /policies: line 1: /],
    ['{"kind":"Policy"}', /line 1: apiVersion: abac.authorization.kubernetes.io\/v1beta1, kind: Policy is expected/],
    [policy({ usr: 'a' }), /line 1: .*unknown field "spec.usr"/],
  ];
  for (const [line, message] of refused) {
    it(`refuses ${line}`, async () => expect(await read(line).catch(textOfError)).to.match(message));
  }
});
