import { expect } from 'chai';
import { isStatus, type StatusError } from '@coracle/apimachinery/errors';
import {
  Bindings,
  ConfigMaps,
  LimitRanges,
  Namespaces,
  Nodes,
  Pods,
  PodTemplates,
  Secrets,
  Services,
} from '@coracle/apimachinery/resources';
import type {
  ConfigMap,
  LimitRange,
  Node,
  Pod,
  PodTemplate,
  Secret,
  Service,
} from '@coracle/apimachinery/types/core-v1';
import { rawRequest, startTestApiServer, type TestApiServer } from '../../testing/index.ts';

const namespace = 'default';

/** The core group through the whole server: what a client gets back for what it sends. */
describe('core resources', () => {
  let api: TestApiServer;
  beforeEach(async () => {
    api = await startTestApiServer();
  });
  afterEach(() => api.stop());

  const pod = (name: string, spec: Partial<Pod['spec'] & object> = {}): Pod => ({
    metadata: { name, namespace },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  });
  const service = (name: string, spec: NonNullable<Service['spec']>): Service => ({
    metadata: { name, namespace },
    spec,
  });

  async function refusal(attempt: Promise<unknown>): Promise<StatusError> {
    try {
      await attempt;
    } catch (error) {
      if (isStatus(error)) return error;
      throw error;
    }
    throw new Error('the request was not refused');
  }

  it('fills in a pod', async () => {
    const made = await api.client.create(
      Pods,
      pod('a', { hostNetwork: true, containers: [{ name: 'c', image: 'x:1', ports: [{ containerPort: 80 }] }] }),
    );
    expect(made.spec).to.deep.equal({
      containers: [
        {
          name: 'c',
          image: 'x:1',
          ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      hostNetwork: true,
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    });
    expect(made.status).to.deep.equal({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(made.metadata?.generation).to.equal(1);
  });

  it('binds a pod once', async () => {
    await api.client.create(Pods, pod('a'));
    const binding = { metadata: { name: 'a', namespace }, target: { kind: 'Node', name: 'n1' } };
    await api.client.create(Bindings, binding);
    const bound = await api.client.get(Pods, { namespace, name: 'a' });
    expect(bound.spec?.nodeName).to.equal('n1');
    expect(bound.status?.conditions?.[0]).to.include({ type: 'PodScheduled', status: 'True' });
    const error = await refusal(api.client.create(Bindings, binding));
    expect(error.reason).to.equal('Conflict');
    expect(error.message).to.equal(
      'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
    );
  });

  it('labels a namespace with its name and holds it back until it is finalized', async () => {
    const made = await api.client.get(Namespaces, { name: namespace });
    expect(made.metadata?.labels).to.deep.equal({ 'kubernetes.io/metadata.name': namespace });
    expect(made.spec).to.deep.equal({ finalizers: ['kubernetes'] });
    await api.client.delete(Namespaces, { name: namespace });
    const going = await api.client.get(Namespaces, { name: namespace });
    expect(going.status?.phase).to.equal('Terminating');
    expect(going.metadata?.deletionTimestamp).to.be.a('string');
  });

  it('gives services addresses and ports, each once, and takes them back', async () => {
    const first = await api.client.create(Services, service('a', { ports: [{ port: 80 }], selector: { a: 'b' } }));
    expect(first.spec?.clusterIP).to.match(/^10\.(9[6-9]|10\d|11[01])\./);
    expect(first.spec).to.deep.include({
      clusterIPs: [first.spec?.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
    });
    const ip = first.spec?.clusterIP as string;
    const taken = await refusal(api.client.create(Services, service('b', { clusterIP: ip, ports: [{ port: 80 }] })));
    expect(taken.message).to.include(`failed to allocate IP ${ip}: provided IP is already allocated`);
    await api.client.delete(Services, { namespace, name: 'a' });
    await api.client.create(Services, service('b', { clusterIP: ip, ports: [{ port: 80 }] }));
  });

  it('changes the type of a service there and back', async () => {
    const made = await api.client.create(Services, service('a', { type: 'NodePort', ports: [{ port: 80 }] }));
    const port = made.spec?.ports?.[0]?.nodePort as number;
    expect(port).to.be.within(30_000, 32_767);
    const clusterIp = await api.client.update(Services, { ...made, spec: { ...made.spec, type: 'ClusterIP' } });
    expect(clusterIp.spec?.ports?.[0]).to.not.have.property('nodePort');
    expect(clusterIp.spec?.clusterIP).to.equal(made.spec?.clusterIP);
    const external = await api.client.update(Services, {
      ...clusterIp,
      spec: { ...clusterIp.spec, type: 'ExternalName', externalName: 'example.com' },
    });
    expect(external.spec).to.not.have.any.keys('clusterIP', 'clusterIPs', 'ipFamilies');
  });

  it('keeps node ports apart', async () => {
    await api.client.create(Services, service('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_100 }] }));
    const error = await refusal(
      api.client.create(Services, service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_100 }] })),
    );
    expect(error.message).to.equal(
      'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30100: provided port is already allocated',
    );
    const shared = await api.client.create(
      Services,
      service('dns', {
        type: 'NodePort',
        ports: [
          { name: 'u', port: 53, protocol: 'UDP' },
          { name: 't', port: 53, protocol: 'TCP' },
        ],
      }),
    );
    expect(shared.spec?.ports?.[0]?.nodePort).to.equal(shared.spec?.ports?.[1]?.nodePort);
  });

  it('writes secrets from text and keeps immutable ones', async () => {
    const made = await api.client.create(Secrets, {
      metadata: { name: 's', namespace },
      stringData: { a: 'ä' },
      immutable: true,
    } as Secret);
    expect(made.data).to.deep.equal({ a: 'w6Q=' });
    expect(made).to.not.have.property('stringData');
    const error = await refusal(api.client.update(Secrets, { ...made, data: { a: 'eA==' } }));
    expect(error.message).to.include('data: Forbidden: field is immutable when `immutable` is set');
  });

  for (const [image, policy] of [
    ['main', 'Always'],
    ['registry.example.com:5000/a/b_c:latest', 'Always'],
    ['main:1', 'IfNotPresent'],
    ['a b', 'IfNotPresent'],
  ] as const) {
    it(`pulls ${image} ${policy}`, async () => {
      const containers = [{ name: 'c', image }];
      const made = await api.client.create(PodTemplates, {
        metadata: { name: 't', namespace },
        template: { spec: { containers } },
      } as PodTemplate);
      expect(made.template?.spec?.containers[0]?.imagePullPolicy).to.equal(policy);
    });
  }

  it('reads empty bytes back where there were none', async () => {
    const data = { a: null } as unknown as Record<string, string>;
    const made = await api.client.create(Secrets, { metadata: { name: 'n', namespace }, data } as Secret);
    expect(made.data).to.deep.equal({ a: '' });
  });

  it('tells of every standard that the name of a resource breaks', async () => {
    const spec = { limits: [{ type: 'Container', max: { 'a/b/c': '1' } }] };
    const range: LimitRange = { metadata: { name: 'l', namespace }, spec };
    const error = await refusal(api.client.create(LimitRanges, range));
    expect(error.message).to.include("doesn't follow extended resource name standard");
  });

  it('holds a pod to a struct that was not there, though it is empty', async () => {
    const made = await api.client.create(Pods, pod('e'));
    const error = await refusal(api.client.update(Pods, { ...made, spec: { ...made.spec, affinity: {} } } as Pod));
    expect(error.message).to.include('pod updates may not change fields other than');
  });

  it('names events of their own group as DNS does', async () => {
    const event = {
      metadata: { name: 'Bad_', namespace },
      eventTime: '2020-01-01T00:00:00.000000Z',
      reportingController: 'x.example.com/c',
      reportingInstance: 'one',
      action: 'Start',
      reason: 'Started',
      regarding: { kind: 'Pod', name: 'p', namespace },
      type: 'Normal',
    };
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const { text } = await rawRequest(api.server, { method: 'POST', path, body: event });
    expect(text).to.include('a lowercase RFC 1123 subdomain');
  });

  it('says what is wrong in upstream words', async () => {
    const error = await refusal(
      api.client.create(ConfigMaps, { metadata: { name: 'c', namespace }, data: { 'a b': 'x' } } as ConfigMap),
    );
    expect(error.message).to.equal(
      'ConfigMap "c" is invalid: data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, ' +
        "'-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
    const taints = [{ key: 'a', effect: 'Never' }];
    const node = await refusal(api.client.create(Nodes, { metadata: { name: 'n' }, spec: { taints } } as Node));
    expect(node.message).to.include('metadata.taints[0].effect: Unsupported value: "Never"');
    const held = await refusal(
      api.client.create(ConfigMaps, { metadata: { name: 'h', namespace, finalizers: ['q'] } } as ConfigMap),
    );
    expect(held.message).to.include('metadata.finalizers[0]: Invalid value: "q": name is neither a standard finalizer');
  });
});
