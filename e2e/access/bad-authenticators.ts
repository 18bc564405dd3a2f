type Fields = Readonly<Record<string, unknown>>;

const sub = { claim: 'sub', prefix: '' };
const rule = (...claimValidationRules: Fields[]) => ({ claimValidationRules });
const userRule = (...userValidationRules: Fields[]) => ({ userValidationRules });
const mapping = (more: Fields) => ({ claimMappings: { username: sub, ...more } });
const username = (said: Fields) => ({ claimMappings: { username: said } });
const extra = (...said: Fields[]) => mapping({ extra: said });

const issuers: readonly Fields[] = [
  { url: '' },
  { url: 'http://x' },
  { url: 'foo' },
  { url: 'https://u:p@x/?q#f' },
  { url: 'https://twice' },
  { url: 'https://twice' },
  { discoveryURL: 'http://d' },
  { url: 'https://same/', discoveryURL: 'https://same' },
  { discoveryURL: 'https://d' },
  { discoveryURL: 'https://d' },
  { audiences: [] },
  { audiences: ['', 'x', 'x'] },
  { audiences: ['a', 'b'], audienceMatchPolicy: 'Foo' },
  { audienceMatchPolicy: 'Foo' },
  { certificateAuthority: 'x' },
  { egressSelectorType: 'x' },
];

const rest: readonly Fields[] = [
  username({}),
  username({ claim: 'a' }),
  username({ claim: 'a', prefix: '', expression: 'claims.x' }),
  username({ expression: 'claims.x', prefix: 'p' }),
  username({ expression: 'claims.' }),
  username({ expression: 'user.x' }),
  username({ expression: 'claims.email' }),
  username({ expression: '1 + "a"' }),
  username({ expression: 'claims.?email.orValue("x")' }),
  username({ expression: 'has(claims.email) ? claims.sub : claims.sub' }),
  username({ expression: 'claims.email + string(claims.email_verified)' }),
  mapping({ groups: { claim: 'g' } }),
  mapping({ groups: { claim: 'g', expression: 'claims.g' } }),
  mapping({ groups: { expression: 'claims.g', prefix: '' } }),
  mapping({ uid: { claim: 'a', expression: 'claims.b' } }),
  mapping({ uid: { expression: ')' } }),
  extra({ key: '', valueExpression: 'claims.a' }),
  extra({ key: 'foo', valueExpression: 'claims.a' }),
  extra({ key: 'A.com/X', valueExpression: 'claims.a' }),
  extra({ key: 'a.k8s.io/x', valueExpression: 'claims.a' }, { key: 'kubernetes.io/x', valueExpression: '' }),
  extra({ key: 'a.com/x', valueExpression: 'claims.a' }, { key: 'a.com/x', valueExpression: 'claims.a' }),
  extra({ key: 'a.com/y', valueExpression: '1 +' }, { key: 'a.com/ y', valueExpression: '"a"' }),
  rule({}),
  rule({ claim: 'a', expression: 'true' }),
  rule({ claim: 'a', message: 'm' }, { claim: 'a' }),
  rule({ expression: 'true', requiredValue: 'x' }, { expression: 'true' }),
  rule({ expression: 'claims.x' }),
  rule({ expression: '"s"' }),
  rule({ expression: 'claims.x == ' }),
  rule({ expression: 'undeclared == 1' }),
  rule({ expression: "claims.a.matches('(')" }),
  rule({ expression: "timestamp('x') == timestamp('y')" }),
  userRule({}),
  userRule({ expression: 'user.foo' }),
  userRule({ expression: 'user.username' }),
  userRule({ expression: 'true' }, { expression: 'true' }),
  userRule({ expression: 'user.groups.all(g, g.startsWith(1))' }),
  userRule({ expression: 'claims.x' }),
];

/** `jwt` of an AuthenticationConfiguration: each with a mistake or two, but for the few that only seem to have one. */
export function badAuthenticators(): readonly Fields[] {
  const issuer = (index: number) => ({ url: `https://issuer${index}.example`, audiences: ['a'] });
  return [
    ...issuers.map((said, index) => ({ issuer: { ...issuer(index), ...said }, ...username(sub) })),
    ...rest.map((said, index) => ({ issuer: issuer(issuers.length + index), ...username(sub), ...said })),
  ];
}
