import { expect } from 'chai';
import { rawStatus, referenceObstacle, startedBefore, startServerPair } from '../support/index.ts';

const namespaces = '/api/v1/namespaces';
const configMaps = `${namespaces}/default/configmaps`;
const roles = '/apis/rbac.authorization.k8s.io/v1';

/** Targets of GET, sent as they are: no library tidies them up. */
const targets = [
  ...['/', '/index.html', '//', '/ui', '/version', '/version/', '/metrics/', '/swagger.json', '/logs', '/peers'],
  ...['/statusz', '/statusz/', '/flagz', '/flagz/x'],
  ...['/healthz/', '/livez/', '/readyz/ping', '/readyz/nothing', '/healthz/../metrics', '/../../etc/passwd', '*'],
  ...['/api', '/api/', '/api/v1/', '/api/v2', '/API/v1', '/api/V1/namespaces', '/api/v1/constructor', '///apis'],
  ...['/apis/', '/apis/apps/', '/apis/apps/v1/', '/apis/apps/v9', '/apis/apps/v1/nothing', '/apis/constructor'],
  ...['/openapi/v2/', '/openapi/v3/', '/openapi/v3/constructor', '/.well-known/x'],
  ...[`/${namespaces}`, '/api//v1/namespaces', `${namespaces}/`, `${namespaces}//default/configmaps`],
  ...[`${namespaces}/default/../kube-system/configmaps`, `${namespaces}/default/%2e%2e/configmaps`],
  ...[`${namespaces}/default%2fconfigmaps`, `http://other${namespaces}/default`, `${configMaps}?%00=%zz`],
  ...[`${configMaps}/a%2fb`, `${configMaps}/a%252fb`, `${configMaps}/%00`, `${configMaps}/.`, `${configMaps}/..`],
  ...[
    `${configMaps}/x/constructor`,
    `${configMaps}/a/b/c/d`,
    `${namespaces}/default/pods/x/log/y`,
    '/api/v1/pods/x/log',
  ],
  ...[
    '/api/v1/pods/x',
    `${namespaces}/default/nodes`,
    `${namespaces}/default/nodes/x/status`,
    '/api/v1/nodes/x/status/y',
  ],
  ...[
    `${namespaces}/default/namespaces`,
    `${namespaces}/default/namespaces/kube-system`,
    `${namespaces}/default/status`,
  ],
  ...[`${roles}/namespaces/default/clusterroles`, `${roles}/namespaces/default/clusterroles/admin`, `${roles}/roles/x`],
  ...[`${namespaces}/kube-system/services/x/proxy`, `${namespaces}/kube-system/services/x/proxy/`],
];

describe('paths, on both servers', () => {
  const servers = startedBefore(startServerPair, { obstacle: referenceObstacle });

  it(`${targets.length} of them lead to the same`, async () => {
    const [ours, theirs] = await Promise.all(
      [servers().own, servers().reference].map(async (server) => {
        const answers: string[] = [];
        for (const target of targets) answers.push(`${await rawStatus(server, target)} ${target}`);
        return answers;
      }),
    );
    expect(ours).to.deep.equal(theirs);
  });
});
