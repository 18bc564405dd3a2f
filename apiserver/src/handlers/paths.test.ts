import { expect } from 'chai';
import { rawRequest, startTestApiServer, type TestApiServer } from '../testing/index.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

describe('paths', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());
  const ask = (path: string, method = 'GET') => rawRequest(api.server, { method, path });

  // As kube-apiserver 1.37.2 answers them.
  const statuses: readonly (readonly [path: string, status: number, method?: string])[] = [
    ['/api/v1/namespaces/default', 200],
    ['/api/v1/namespaces/', 200],
    ['/api/v1/namespaces/default%2fconfigmaps', 200],
    [`${configMaps}/a%2fb`, 404],
    ['/api/v1/namespaces/default/nodes', 404],
    ['/api/v1/namespaces/default/nodes/x/status', 404],
    ['/api/v1/namespaces/default/namespaces', 404],
    ['/api/v1/namespaces/default/namespaces/kube-system', 404],
    ['/apis/rbac.authorization.k8s.io/v1/namespaces/default/clusterroles', 404, 'POST'],
    ['/apis/rbac.authorization.k8s.io/v1/namespaces/default/clusterroles/admin', 404, 'DELETE'],
    ['//api/v1/namespaces', 404],
    ['/api//v1/namespaces', 404],
    ['/healthz', 200],
    ['/healthz/', 404],
    ['/openapi/v3/', 404],
  ];
  for (const [path, status, method] of statuses) {
    it(`${method ?? 'GET'} ${path}: ${status}`, async () => expect((await ask(path, method)).status).to.equal(status));
  }

  const names = [
    ['.', 'Name parameter invalid: \\".\\": may not be \'.\''],
    ['..', 'Name parameter invalid: \\"..\\": may not be \'..\''],
    ['a%252fb', 'Name parameter invalid: \\"a%2fb\\": may not contain \'%\''],
  ] as const;
  for (const [name, message] of names) {
    it(`${name} is no name`, async () => {
      const { status, text } = await ask(`${configMaps}/${name}`);
      expect(status).to.equal(400);
      expect(text).to.include(message);
    });
  }

  it('are listed at /', async () => {
    const { paths } = JSON.parse((await ask('/')).text) as { paths: string[] };
    expect(paths).to.include.members(['/api/v1', '/apis/apps', '/apis/apps/v1', '/readyz/ping', '/version']);
  });
});
