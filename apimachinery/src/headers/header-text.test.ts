import { expect } from 'chai';
import { headerKey, headerText, keyOfHeader, textOfHeader } from './header-text.ts';

describe('names in headers', () => {
  it('are UTF-8', () => {
    for (const text of ['plain', 'zoë', '名前']) expect(textOfHeader(headerText(text))).to.equal(text);
    expect(headerText('zoë')).to.equal('zo\u00c3\u00ab');
  });

  it('are keys once they are encoded', () => {
    for (const key of ['acme.com/team', '(a b)', 'zoë', '100%']) {
      expect(headerKey(key)).to.match(/^[\w!#$%&'*+.^`|~-]+$/);
      expect(keyOfHeader(headerKey(key))).to.equal(key);
    }
  });

  it('stay as they are where they are encoded badly', () => {
    for (const key of ['%zz', 'a%2', '%']) expect(keyOfHeader(key)).to.equal(key);
  });
});
