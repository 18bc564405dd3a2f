import { expect } from 'chai';
import { rewriteAddress, rewriteHtml } from './rewrite-links.ts';

const place = { host: '10.0.0.1:80', prefix: '/api/v1/namespaces/x/pods/y/proxy' };

describe('links behind the proxy', () => {
  const addresses = [
    { from: '/page', to: '/api/v1/namespaces/x/pods/y/proxy/page' },
    { from: '/page?a=b#c', to: '/api/v1/namespaces/x/pods/y/proxy/page?a=b#c' },
    { from: 'http://10.0.0.1:80/page', to: '/api/v1/namespaces/x/pods/y/proxy/page' },
    { from: 'http://example.com/page', to: 'http://example.com/page' },
    { from: 'page', to: 'page' },
    { from: 'mailto:a@example.com', to: 'mailto:a@example.com' },
    { from: '/api/v1/namespaces/x/pods/y/proxy/page', to: '/api/v1/namespaces/x/pods/y/proxy/page' },
  ];
  for (const { from, to } of addresses) {
    it(`${from} becomes ${to}`, () => {
      expect(rewriteAddress(from, place)).to.equal(to);
    });
  }

  it('are found in the attributes that hold addresses, and nowhere else', () => {
    const page = `<a class="/x" href='/a'>/b</a><img src="/c"><p title="/d">`;
    const { prefix } = place;
    expect(rewriteHtml(page, place)).to.equal(
      `<a class="/x" href="${prefix}/a">/b</a><img src="${prefix}/c"><p title="/d">`,
    );
  });
});
