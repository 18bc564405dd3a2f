import { expect } from 'chai';
import { wantedUser } from './impersonation-headers.ts';

/** As the HTTP edge has them: joined, and line by line. */
function sent(...lines: [name: string, value: string][]) {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  return { headers, rawHeaders: lines.flat() };
}

describe('impersonation headers', () => {
  it('name one group for each line', () => {
    const request = sent(
      ['Impersonate-User', 'jane'],
      ['Impersonate-Group', 'a,b'],
      ['Impersonate-Group', 'c'],
      ['Impersonate-Uid', '7'],
      ['Impersonate-Extra-Acme.com%2fScopes', 'view, edit'],
    );
    expect(wantedUser(request)).to.deep.equal({
      username: 'jane',
      uid: '7',
      groups: ['a,b', 'c'],
      extra: { 'acme.com/scopes': ['view, edit'] },
    });
  });

  it('name one user: the first', () => {
    const request = sent(['Impersonate-User', 'jane'], ['Impersonate-User', 'admin']);
    expect(wantedUser(request)?.username).to.equal('jane');
  });

  it('are nobody where there are none', () => {
    expect(wantedUser(sent(['Accept', '*/*'], ['Impersonate-User', '']))).to.equal(undefined);
  });

  const parts = [
    { header: 'Impersonate-Group', shown: 'UID:"", Groups:[]string{"a,b"}, Extra:map[string][]string(nil)' },
    { header: 'Impersonate-Uid', shown: 'UID:"a,b", Groups:[]string(nil), Extra:map[string][]string(nil)' },
    {
      header: 'Impersonate-Extra-%zz',
      shown: 'UID:"", Groups:[]string(nil), Extra:map[string][]string{"%zz":[]string{"a,b"}}',
    },
  ];
  for (const { header, shown } of parts) {
    it(`are refused where ${header} is without a user`, () => {
      expect(() => wantedUser(sent([header, 'a,b']))).to.throw(
        `requested &user.DefaultInfo{Name:"", ${shown}} without impersonating a user name`,
      );
    });
  }
});
