import { createSeededRandom, createVirtualClock } from '@coracle/client/testing';
import { silentLogger } from '@coracle/apimachinery/component';
import type { SubjectAccessReview, SubjectAccessReviewStatus } from '@coracle/apimachinery/types/authorization-v1';
import { expect } from 'chai';
import { MetricRegistry } from '../../metrics/registry.ts';
import { type Answer, AnswerError, DeadlineExceeded } from '../../webhooks/index.ts';
import type { WebhookConfiguration } from '../authorization/configuration.ts';
import { createAuthorizationMetrics } from '../authorization/metrics.ts';
import type { AuthorizationAttributes } from '../authorizer.ts';
import { WebhookAuthorizer } from './webhook-authorizer.ts';

const listPods: AuthorizationAttributes = {
  user: { username: 'alice', groups: ['devs'], extra: { scopes: ['view'] } },
  verb: 'list',
  isResourceRequest: true,
  namespace: 'team',
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  name: '',
  path: '/api/v1/namespaces/team/pods',
};

const minimal: WebhookConfiguration = {
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  matchConditionSubjectAccessReviewVersion: 'v1',
  failurePolicy: 'NoOpinion',
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/hook' },
};

/** An authorizer whose webhook gives these answers, the last one for ever; errors are thrown. */
function prepare(answers: readonly unknown[], more: Partial<WebhookConfiguration> = {}) {
  const clock = createVirtualClock();
  const registry = new MetricRegistry();
  const asked: SubjectAccessReview[] = [];
  const client = {
    async post(body: string): Promise<unknown> {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(JSON.parse(body));
      if (answer instanceof Error) throw answer;
      return answer;
    },
    close: () => {},
  };
  const environment = { clock, log: silentLogger, random: createSeededRandom(1) };
  const metrics = createAuthorizationMetrics(registry, clock);
  const { signal } = new AbortController();
  const webhook = { ...minimal, ...more };
  return {
    authorizer: new WebhookAuthorizer('hook', webhook, { client, environment, metrics, signal }),
    asked,
    clock,
    registry,
  };
}

const status = (each: Partial<SubjectAccessReviewStatus>) => ({ status: each });

describe('webhook authorizer', () => {
  const decisions: [answer: unknown, decision: object][] = [
    [status({ allowed: true, reason: 'because' }), { decision: 'allow', reason: 'because' }],
    [status({ allowed: false, denied: true, reason: 'no' }), { decision: 'deny', reason: 'no' }],
    [status({ allowed: false, reason: 'who knows' }), { decision: 'no-opinion', reason: 'who knows' }],
    [{}, { decision: 'no-opinion', reason: '' }],
    [
      status({ allowed: true, denied: true }),
      {
        decision: 'deny',
        reason: '',
        evaluationError: 'webhook subject access review returned both allow and deny response',
      },
    ],
  ];
  for (const [answer, decision] of decisions) {
    it(`reads ${JSON.stringify(answer)}`, async () => {
      expect(await prepare([answer]).authorizer.authorize(listPods)).to.deep.equal(decision);
    });
  }

  it('asks with everything that is known, selectors as requirements', async () => {
    const { authorizer, asked } = prepare([{}]);
    await authorizer.authorize({
      ...listPods,
      fieldSelector: 'spec.nodeName=a,status.phase!=Failed',
      labelSelector: 'app in (b,a),!gone,size>3',
    });
    expect(asked[0]).to.deep.equal({
      kind: 'SubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      status: { allowed: false },
      spec: {
        user: 'alice',
        groups: ['devs'],
        extra: { scopes: ['view'] },
        resourceAttributes: {
          namespace: 'team',
          verb: 'list',
          version: 'v1',
          resource: 'pods',
          fieldSelector: {
            requirements: [
              { key: 'spec.nodeName', operator: 'In', values: ['a'] },
              { key: 'status.phase', operator: 'NotIn', values: ['Failed'] },
            ],
          },
          labelSelector: {
            requirements: [
              { key: 'app', operator: 'In', values: ['a', 'b'] },
              { key: 'gone', operator: 'DoesNotExist' },
            ],
          },
        },
      },
    });
  });

  it('calls groups `group` in v1beta1, and leaves selectors out that do not parse', async () => {
    const { authorizer, asked } = prepare([{}], { subjectAccessReviewVersion: 'v1beta1' });
    await authorizer.authorize({ ...listPods, fieldSelector: '((', labelSelector: '((' });
    expect(asked[0]).to.deep.include({ apiVersion: 'authorization.k8s.io/v1beta1' });
    expect(asked[0]?.spec).to.deep.include({ group: ['devs'] });
    expect(asked[0]?.spec.resourceAttributes).to.not.have.any.keys('fieldSelector', 'labelSelector');
  });

  it('keeps answers for as long as each kind is good', async () => {
    const { authorizer, asked, clock } = prepare([status({ allowed: true }), status({ allowed: false })], {
      authorizedTTL: '10s',
      unauthorizedTTL: '2s',
    });
    await authorizer.authorize(listPods);
    await clock.advance(9999);
    expect(authorizer.authorize(listPods)).to.deep.equal({ decision: 'allow', reason: '' });
    await clock.advance(1);
    await authorizer.authorize(listPods);
    await clock.advance(2000);
    await authorizer.authorize(listPods);
    expect(asked).to.have.length(3);
  });

  it('keeps nothing where that is switched off, nor questions that are very long', async () => {
    const { authorizer, asked } = prepare([status({ allowed: true })], { cacheAuthorizedRequests: false });
    await authorizer.authorize(listPods);
    await authorizer.authorize(listPods);
    const long = { ...listPods, name: 'a'.repeat(10_000) };
    const other = prepare([status({ allowed: true })]);
    await other.authorizer.authorize(long);
    await other.authorizer.authorize(long);
    expect([asked.length, other.asked.length]).to.deep.equal([2, 2]);
  });

  const passing = [
    { status: 500, headers: {}, text: 'busy' },
    { status: 502, headers: { 'retry-after': '1' }, text: 'busy' },
  ];
  for (const answer of passing) {
    it(`asks again where an error may pass, five times in all: ${answer.status}`, () => asksFiveTimes(answer));
  }

  const asksFiveTimes = async (answer: Answer) => {
    const { authorizer, asked, clock } = prepare([new AnswerError('Post', answer)]);
    let decision: unknown;
    const decided = Promise.resolve(authorizer.authorize(listPods)).then((each) => (decision = each));
    for (let attempt = 0; attempt < 5; attempt++) await clock.advance(3000);
    await decided;
    expect(asked).to.have.length(5);
    const evaluationError = 'an error on the server ("busy") has prevented the request from succeeding';
    expect(decision).to.deep.equal({ decision: 'no-opinion', reason: '', evaluationError });
  };

  it('denies by its failure policy, at once where asking again would not help', async () => {
    const { authorizer, asked } = prepare([new Error('connection refused')], { failurePolicy: 'Deny' });
    expect(await authorizer.authorize(listPods)).to.deep.include({
      decision: 'deny',
      evaluationError: 'connection refused',
    });
    expect(asked).to.have.length(1);
  });

  it('takes no answer of another kind', async () => {
    const { authorizer } = prepare([{ kind: 'Status', apiVersion: 'v1', status: 'Success' }]);
    expect(await authorizer.authorize(listPods))
      .to.have.property('evaluationError')
      .that.matches(/v1 Status: authorization.k8s.io\/v1 SubjectAccessReview is expected/);
  });

  const matched: [expression: string, asked: number, decision: string][] = [
    ["request.resourceAttributes.namespace == 'team'", 1, 'allow'],
    ["request.resourceAttributes.namespace == 'other'", 0, 'no-opinion'],
    ["request.nonResourceAttributes.path == '/x'", 0, 'deny'],
    ["has(request.nonResourceAttributes) || 'devs' in request.groups && request.uid == ''", 1, 'allow'],
  ];
  for (const [expression, times, decision] of matched) {
    it(`${times === 0 ? 'is not asked' : 'is asked'} where ${expression}`, async () => {
      const matchConditions = [{ expression }];
      const { authorizer, asked } = prepare([status({ allowed: true })], { matchConditions, failurePolicy: 'Deny' });
      expect(await authorizer.authorize(listPods)).to.have.property('decision', decision);
      expect(asked).to.have.length(times);
    });
  }

  it('is passed over where one condition does not hold, though another has no value', async () => {
    const matchConditions = [{ expression: "request.nonResourceAttributes.path == ''" }, { expression: 'false' }];
    const { authorizer, registry } = prepare([{}], { matchConditions, failurePolicy: 'Deny' });
    expect(await authorizer.authorize(listPods)).to.have.property('decision', 'no-opinion');
    expect(registry.text()).to.include(
      'apiserver_authorization_match_condition_exclusions_total{type="Webhook",name="hook"} 1',
    );
  });

  it('counts what it lets pass for want of an answer', async () => {
    const { authorizer, registry } = prepare([new Error('Post: too late', { cause: new DeadlineExceeded() })]);
    await authorizer.authorize(listPods);
    const labels = '{name="hook",result="timeout"} 1';
    expect(registry.text()).to.include(`apiserver_authorization_webhook_evaluations_total${labels}`);
    expect(registry.text()).to.include(`apiserver_authorization_webhook_evaluations_fail_open_total${labels}`);
  });
});
