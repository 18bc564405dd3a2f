import { expect } from 'chai';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { rawRequest, startTestApiServer } from '../testing/index.ts';

/** Whom the header names. */
const byHeader: Authenticator = {
  name: 'header',
  authenticate({ headers: { who } }) {
    if (who === 'bad') throw new Error('bad');
    return who === undefined ? undefined : { user: { username: who, groups: [], extra: {} } };
  },
};
const byPath: Authorizer = {
  name: 'path',
  authorize({ path }) {
    if (path === '/error') return { decision: 'no-opinion', reason: '', evaluationError: 'broken' };
    return { decision: path === '/denied' ? 'deny' : path === '/unknown' ? 'no-opinion' : 'allow', reason: '' };
  },
};

describe('access metrics', () => {
  it('tell how authentication and authorization went, and of users only what few have', async () => {
    const dependencies = { authenticators: () => [byHeader], authorizers: () => [byPath] };
    await using api = await startTestApiServer({ dependencies });
    const asked: [path: string, who?: string][] = [
      ['/version'],
      ['/version', 'bad'],
      ['/version', 'admin'],
      ['/denied', 'jane@acme.com'],
      ['/unknown', 'jane'],
      ['/error', 'joe'],
    ];
    for (const [path, who] of asked) {
      await rawRequest(api.server, { method: 'GET', path, headers: who === undefined ? {} : { who } });
    }
    const { text } = await rawRequest(api.server, { method: 'GET', path: '/metrics', headers: { who: 'admin' } });
    const series = /^(authentic|authoriz).*(requests|attempts|total|count)\{/;
    // What the server asks of itself is allowed, too.
    const told = text.split('\n').filter((line) => series.test(line) && !line.includes('allowed'));
    expect(told).to.deep.equal([
      'authenticated_user_requests{username="admin"} 2',
      'authenticated_user_requests{username="email_id"} 1',
      'authenticated_user_requests{username="other"} 2',
      'authentication_attempts{result="failure"} 1',
      'authentication_attempts{result="error"} 1',
      'authentication_attempts{result="success"} 5',
      'authentication_duration_seconds_count{result="failure"} 1',
      'authentication_duration_seconds_count{result="error"} 1',
      'authentication_duration_seconds_count{result="success"} 5',
      'authorization_attempts_total{result="denied"} 1',
      'authorization_attempts_total{result="no-opinion"} 1',
      'authorization_attempts_total{result="error"} 1',
      'authorization_duration_seconds_count{result="denied"} 1',
      'authorization_duration_seconds_count{result="no-opinion"} 1',
      'authorization_duration_seconds_count{result="error"} 1',
    ]);
  });
});
