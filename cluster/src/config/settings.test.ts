import { expect } from 'chai';
import { ConfigError } from './cluster-config.ts';
import { fromEnvironment, type RawSettings, resolveConfig } from './settings.ts';

describe('cluster settings', () => {
  it('makes a cluster of two nodes in two zones and a Fargate profile by default', () => {
    const config = resolveConfig([{}]);
    expect(config).to.include({ name: 'coracle', port: 6443, runtime: 'auto', waitSeconds: 60, detach: false });
    expect(config.nodeGroups).to.deep.equal([
      { name: 'ng-1', instanceType: 'm5.large', count: 2, zones: ['us-east-1a', 'us-east-1b'] },
    ]);
    expect(config.fargateProfiles[0]?.selectors).to.deep.equal([{ namespace: 'serverless', labels: {} }]);
  });

  it('lets later sources win: file, environment, flags', () => {
    const environment = fromEnvironment({ CORACLE_PORT: '7000', CORACLE_NAME: 'blue', HOME: '/root' });
    const config = resolveConfig([{ port: 6000, wait: '2m' }, environment, { port: '8000' }]);
    expect(config).to.include({ name: 'blue', port: 8000, waitSeconds: 120 });
  });

  it('reads node groups from flags and from YAML alike', () => {
    const flag = resolveConfig([{ nodeGroup: ['name=a,instance-type=c5.xlarge,count=3,zones=us-east-1a:us-east-1c'] }]);
    const yaml = resolveConfig([
      { nodeGroup: [{ name: 'a', instanceType: 'c5.xlarge', count: 3, zones: ['us-east-1a', 'us-east-1c'] }] },
    ]);
    expect(flag.nodeGroups).to.deep.equal(yaml.nodeGroups);
    expect(flag.nodeGroups[0]).to.deep.equal({
      name: 'a',
      instanceType: 'c5.xlarge',
      count: 3,
      zones: ['us-east-1a', 'us-east-1c'],
    });
  });

  it('reads labels of a Fargate profile', () => {
    const config = resolveConfig([{ fargateProfile: ['name=fp,namespace=web-*,label.tier=front'] }]);
    expect(config.fargateProfiles).to.deep.equal([
      { name: 'fp', selectors: [{ namespace: 'web-*', labels: { tier: 'front' } }] },
    ]);
  });

  it('takes what YAML leaves empty as not said, and numbers as labels', () => {
    const labels = { tier: 1 };
    const config = resolveConfig([{ dataDir: null, fargateProfile: { name: 'fp', namespace: 'a', labels } }]);
    expect(config.dataDir).to.match(/coracle\/coracle$/);
    expect(config.fargateProfiles[0]?.selectors[0]?.labels).to.deep.equal({ tier: '1' });
  });

  it('reads registry mirrors from flags and from YAML alike, in the order in which they are tried', () => {
    const flags = ['docker.io=https://a.example', '*=http://localhost:5000/', 'docker.io=http://b.example/v2/hub'];
    const yaml = { 'docker.io': ['https://a.example', 'http://b.example/v2/hub'], '*': 'http://localhost:5000' };
    const wanted = [
      { registry: 'docker.io', endpoints: ['https://a.example', 'http://b.example/v2/hub'] },
      { registry: '*', endpoints: ['http://localhost:5000'] },
    ];
    for (const registryMirror of [flags, yaml])
      expect(resolveConfig([{ registryMirror }]).registryMirrors).to.deep.equal(wanted);
  });

  it('reads kube-apiserver’s flags, with their defaults', () => {
    const { access } = resolveConfig([
      { auditPolicyFile: '/p.yaml', auditLogPath: '/a.log', auditLogMaxsize: '5', encryptionProviderConfig: '/e.yaml' },
    ]);
    expect(access).to.deep.include({
      encryption: { path: '/e.yaml', reload: false },
      audit: {
        policyFile: '/p.yaml',
        log: { path: '/a.log', maxAgeDays: 366, maxBackups: 100, maxSizeMebibytes: 5 },
      },
    });
  });

  it('reads who decides about requests', () => {
    const authorization = (settings: RawSettings) => resolveConfig([settings]).access.authorization;
    expect(authorization({ authorizationConfig: '/a.yaml', authorizationPolicyFile: '/p' })).to.deep.equal({
      configFile: '/a.yaml',
      policyFile: '/p',
    });
    const webhook = { authorizationMode: 'Node,Webhook', authorizationWebhookConfigFile: '/hook' };
    expect(authorization({ ...webhook, authorizationWebhookCacheAuthorizedTtl: '0s' })).to.deep.equal({
      modes: ['Node', 'Webhook'],
      webhook: { configFile: '/hook', version: 'v1beta1', authorizedTtlMs: 0, unauthorizedTtlMs: 30_000 },
    });
  });

  it('reads who is believed', () => {
    const oidc = { oidcIssuerUrl: 'https://i', oidcClientId: 'k', oidcRequiredClaim: ['hd=acme.com', 'a=b=c'] };
    const { access } = resolveConfig([
      {
        ...oidc,
        anonymousAuth: 'false',
        authenticationTokenWebhookConfigFile: '/w.yaml',
        oidcSigningAlgs: 'RS256,ES256',
        requestheaderClientCaFile: '/p.crt',
        requestheaderAllowedNames: '',
        requestheaderUsernameHeaders: 'X-User, X-Remote-User',
      },
    ]);
    expect(access.flags).to.include({ 'anonymous-auth': 'false', 'oidc-required-claim': '[hd=acme.com,a=b=c]' });
    expect(access.authentication).to.deep.equal({
      anonymous: false,
      oidc: {
        issuerUrl: 'https://i',
        clientId: 'k',
        requiredClaims: { hd: 'acme.com', a: 'b=c' },
        signingAlgorithms: ['RS256', 'ES256'],
      },
      requestHeader: { clientCaFile: '/p.crt', allowedNames: [], usernameHeaders: ['X-User', 'X-Remote-User'] },
      webhook: { configFile: '/w.yaml', version: 'v1beta1', cacheTtlMs: 120_000 },
    });
  });

  const refused: [name: string, settings: RawSettings, message: RegExp][] = [
    ['a port beyond 65535', { port: '70000' }, /--port "70000": a whole number from 0 to 65535/],
    ['a name that no interface could have', { name: 'My Cluster' }, /--name "My Cluster": 1 to 31 lower-case/],
    ['an unknown runtime', { runtime: 'docker' }, /one of auto, containerd, hollow/],
    ['a duration without sense', { wait: 'soon' }, /--wait "soon": a duration such as 90s/],
    ['an unknown field', { nodeGroup: ['name=a,size=3'] }, /unknown field "size": the fields are name, instance-type/],
    ['a pair without equals sign', { nodeGroup: ['a'] }, /"a" is not KEY=VALUE/],
    ['a profile without namespace', { fargateProfile: ['name=a'] }, /namespace=… is missing/],
    ['two groups of one name', { nodeGroup: ['name=a', 'name=a'] }, /two node groups are named "a"/],
    ['an etcd without scheme', { etcdServers: 'localhost:2379' }, /--etcd-servers "localhost:2379": URLs such as/],
    ['a mirror without registry', { registryMirror: ['https://a'] }, /"https:..a": REGISTRY=URL is asked for/],
    ['a mirror that is no URL', { registryMirror: ['docker.io=a:5000'] }, /"docker.io=a:5000": the mirror is an http/],
    ['a mirror of a path', { registryMirror: ['docker.io/library=http://a'] }, /is no registry's host/],
    [
      'records without a policy',
      { auditLogPath: 'a.log' },
      /--audit-log-path: nothing is recorded without --audit-policy/,
    ],
    ['an unknown mode', { authorizationMode: 'rbac' }, /--authorization-mode "rbac": one of Node, RBAC, Webhook/],
    ['a mode twice', { authorizationMode: 'RBAC,RBAC' }, /--authorization-mode: a mode is given twice/],
    ['ABAC without policies', { authorizationMode: 'ABAC' }, /ABAC and --authorization-policy-file go together/],
    [
      'a webhook without its mode',
      { authorizationWebhookConfigFile: 'a' },
      /Webhook and --authorization-webhook-config-file go together/,
    ],
    [
      'a mode beside the configuration',
      { authorizationConfig: 'a', authorizationMode: 'RBAC' },
      /--authorization-config: goes without --authorization-mode/,
    ],
    ['a policy without a place', { auditPolicyFile: 'p.yaml' }, /--audit-log-path or --audit-webhook-config-file says/],
    ['an issuer without audience', { oidcIssuerUrl: 'https://i' }, /--oidc-issuer-url and --oidc-client-id/],
    [
      'issuers in a file and in flags',
      { authenticationConfig: 'a.yaml', oidcIssuerUrl: 'https://i', oidcClientId: 'k' },
      /--authentication-config: goes without the --oidc/,
    ],
    [
      'a size that is none',
      { auditPolicyFile: 'p.yaml', auditLogPath: '-', auditLogMaxsize: '0' },
      /--audit-log-maxsize "0": a whole number from 1/,
    ],
    ['a path that is empty', { dataDir: '' }, /--data-dir "": not a path/],
    ['a file of issuers that is empty', { authenticationConfig: '' }, /--authentication-config "": not a path/],
    ['a kubeconfig that is empty', { kubeconfig: '' }, /--kubeconfig "": not a path/],
    ['a count that is empty', { nodeGroup: ['name=a,count='] }, /count is a whole number/],
    ['etcds of two schemes', { etcdServers: 'http://a:1,https://b:1' }, /all of them http:.. or all of them https:/],
    ['no time at all to wait', { wait: '0' }, /--wait "0": a duration such as 90s/],
    ['a zone nobody has', { nodeGroup: ['name=a,zones=mars'] }, /no availability zone is named "mars"/],
    ['a namespace nobody may have', { fargateProfile: ['name=a,namespace=UP'] }, /no namespace is named "UP"/],
    ['a misspelt field', { nodeGroup: ['name=a,zone=b'] }, /unknown field "zone": did you mean "zones"\?/],
    ['a misspelt key', { prot: 1 }, /unknown setting "prot": did you mean "port"\?/],
    ['a key in the plural', { nodeGroups: [] }, /unknown setting "nodeGroups": did you mean "nodeGroup"\?/],
    ['a key named as its flag', { 'data-dir': 'x' }, /unknown setting "data-dir": did you mean "dataDir"\?/],
    ['a key nobody knows', { banana: 1 }, /unknown setting "banana": they are named as the flags/],
  ];
  for (const [name, settings, message] of refused) {
    it(`refuses ${name}`, () => expect(() => resolveConfig([settings])).to.throw(ConfigError, message));
  }
});
