import type { Container, EnvVar, Service } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { type EnvironmentSources, environmentVariables } from './environment-variables.ts';
import { expand } from './expansion.ts';
import { serviceVariables } from './service-variables.ts';

const sources: EnvironmentSources = {
  podIPs: ['10.0.0.7'],
  hostIPs: ['192.0.2.1'],
  configMap: async (name) => (name === 'cm' ? { data: { a: '1', b: '2' } } : undefined),
  secret: async (name) => (name === 's' ? { data: { password: Buffer.from('pw').toString('base64') } } : undefined),
  services: { WEB_SERVICE_HOST: '10.96.0.1' },
  allocatable: { cpu: '4', memory: '8Gi' },
};

const pod = podOf(
  { nodeName: 'n', serviceAccountName: 'sa' },
  { labels: { app: 'x' }, annotations: { b: '2', a: '1' } },
);

async function variables(container: Partial<Container>): Promise<Record<string, string>> {
  const made = await environmentVariables(pod, { name: 'c', ...container }, sources);
  return Object.fromEntries(made.map(({ key, value }) => [key, value]));
}

const one = async (variable: Omit<EnvVar, 'name'>, container: Partial<Container> = {}) =>
  (await variables({ ...container, env: [{ name: 'X', ...variable }] }))['X'];

describe('environmentVariables', () => {
  const fields: readonly [string, string][] = [
    ['metadata.name', 'p'],
    ['metadata.namespace', 'ns'],
    ['metadata.uid', 'u-1'],
    ["metadata.labels['app']", 'x'],
    ["metadata.annotations['a']", '1'],
    ['spec.nodeName', 'n'],
    ['spec.serviceAccountName', 'sa'],
    ['status.podIP', '10.0.0.7'],
    ['status.hostIP', '192.0.2.1'],
  ];
  for (const [fieldPath, value] of fields) {
    it(`reads ${fieldPath}`, async () => expect(await one({ valueFrom: { fieldRef: { fieldPath } } })).to.equal(value));
  }

  const resources = { limits: { cpu: '1500m', memory: '100Mi' }, requests: { cpu: '250m' } };
  const quantities: readonly [string, string | undefined, string][] = [
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '1m', '1500'],
    ['requests.cpu', '1m', '250'],
    ['limits.memory', '1Mi', '100'],
    ['limits.memory', undefined, '104857600'],
  ];
  for (const [resource, divisor, value] of quantities) {
    it(`reads ${resource} in units of ${divisor ?? '1'}, rounded up`, async () => {
      const resourceFieldRef = { resource, ...(divisor !== undefined && { divisor }) };
      expect(await one({ valueFrom: { resourceFieldRef } }, { resources })).to.equal(value);
    });
  }

  it('takes what the node has where there is no limit', async () => {
    expect(await one({ valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } })).to.equal('4');
  });

  it('reads whole maps with a prefix, and lets env override them', async () => {
    const made = await variables({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'cm' } }, { secretRef: { name: 's' } }],
      env: [{ name: 'P_a', value: 'own' }],
    });
    expect(made).to.include({ P_a: 'own', P_b: '2', password: 'pw' });
  });

  it('expands variables before it, and Services', async () => {
    const made = await variables({
      env: [
        { name: 'A', value: 'x' },
        { name: 'B', value: '$(A)-$(WEB_SERVICE_HOST)-$(C)-$$(A)' },
        { name: 'C', value: 'late' },
      ],
    });
    expect(made['B']).to.equal('x-10.96.0.1-$(C)-$(A)');
  });

  const missing: readonly [string, Omit<EnvVar, 'name'>, string][] = [
    ['ConfigMap', { valueFrom: { configMapKeyRef: { name: 'no', key: 'k' } } }, 'configmap "no" not found'],
    ['Secret', { valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }, 'secret "no" not found'],
    ['key', { valueFrom: { configMapKeyRef: { name: 'cm', key: 'k' } } }, "couldn't find key k in ConfigMap ns/cm"],
  ];
  for (const [what, variable, message] of missing) {
    it(`names a ${what} that is not there`, async () => {
      const problem = await one(variable).catch((error: Error) => error.message);
      expect(problem).to.equal(message);
    });
  }

  it('leaves out what is optional and absent', async () => {
    const valueFrom = { configMapKeyRef: { name: 'no', key: 'k', optional: true } };
    expect(await variables({ env: [{ name: 'X', valueFrom }] })).to.not.have.property('X');
  });
});

describe('expand', () => {
  const values: Readonly<Record<string, string>> = { A: 'a', EMPTY: '' };
  for (const [text, result] of [
    ['$(A)', 'a'],
    ['$(EMPTY)|', '|'],
    ['$(B)', '$(B)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$A $(A', '$A $(A'],
  ] as const) {
    it(`${text} → ${result}`, () => expect(expand(text, (name) => values[name])).to.equal(result));
  }
});

describe('serviceVariables', () => {
  const service = (name: string, namespace: string, clusterIP: string): Service => ({
    metadata: { name, namespace },
    spec: { clusterIP, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  });
  const services = [
    service('my-web', 'ns', '10.96.0.5'),
    service('other', 'elsewhere', '10.96.0.6'),
    service('kubernetes', 'default', '10.96.0.1'),
    service('headless', 'ns', 'None'),
  ];

  it("has the namespace's own Services and the API server's", () => {
    const made = serviceVariables(podOf({}), services);
    expect(made).to.include({
      MY_WEB_SERVICE_HOST: '10.96.0.5',
      MY_WEB_SERVICE_PORT: '80',
      MY_WEB_SERVICE_PORT_HTTP: '80',
      MY_WEB_PORT: 'tcp://10.96.0.5:80',
      MY_WEB_PORT_80_TCP: 'tcp://10.96.0.5:80',
      MY_WEB_PORT_80_TCP_PROTO: 'tcp',
      MY_WEB_PORT_80_TCP_PORT: '80',
      MY_WEB_PORT_80_TCP_ADDR: '10.96.0.5',
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
    });
    expect(Object.keys(made).filter((name) => /^(OTHER|HEADLESS)/.test(name))).to.deep.equal([]);
  });

  it("has the API server's alone where links are not wanted", () => {
    const made = serviceVariables(podOf({ enableServiceLinks: false }), services);
    expect(Object.keys(made).every((name) => name.startsWith('KUBERNETES_'))).to.equal(true);
  });
});
