import { type CelProgram, CelError, type CelValue, celTypeOf, toJson } from '@coracle/apimachinery/cel';
import { jsonType } from '@coracle/apimachinery/structural';
import type { UserInfo } from '../../http/api-request.ts';
import { credentialIdKey } from '../authenticators/users.ts';
import type { ClaimPrograms, Rule } from './check-claims.ts';
import type { JwtAuthenticatorConfig } from './configuration.ts';
import { claimsValue, userValue } from './expressions.ts';
import type { Claims } from './issuer.ts';

/** Whom claims describe. Throws where a claim or a rule does not allow it (k8s.io/apiserver …/token/oidc/oidc.go). */
export function userOfClaims(claims: Claims, config: JwtAuthenticatorConfig, programs: ClaimPrograms): UserInfo {
  const asValue = { claims: claimsValue(claims) };
  const username = usernameOf(claims, config, programs.username, asValue);
  const groups = groupsOf(claims, config, programs.groups, asValue);
  const uid = uidOf(claims, config, programs.uid, asValue);
  const extra = extraOf(claims, programs.extra, asValue);
  const user = { username, groups, extra, ...(uid === '' ? {} : { uid }) };
  checkRequired(claims, config);
  checkRules(programs.claimRules, asValue, 'oidc: error evaluating claim validation expression');
  checkRules(programs.userRules, { user: userValue(user) }, 'oidc: error evaluating user info validation rule');
  return user;
}

type Variables = Readonly<Record<string, CelValue>>;

function usernameOf(
  claims: Claims,
  { claimMappings }: JwtAuthenticatorConfig,
  program: CelProgram | undefined,
  variables: Variables,
): string {
  const { claim = '', prefix = '', expression = '' } = claimMappings?.username ?? {};
  if (program !== undefined) {
    const what = 'oidc: error evaluating username claim expression';
    const value = evaluate(program, expression, variables, what);
    if (typeof value !== 'string') throw new Error(`${what}: username claim expression must return a string`);
    if (value === '') throw new Error('oidc: empty username via CEL expression is not allowed');
    return value;
  }
  const username = within(`oidc: parse username claims ${JSON.stringify(claim)}`, () => textClaim(claims, claim));
  if (claim === 'email' && Object.hasOwn(claims, 'email_verified')) checkVerified(claims['email_verified']);
  return prefix + username;
}

function checkVerified(verified: unknown): void {
  if (typeof verified !== 'boolean' && verified !== null) {
    throw new Error(`oidc: parse 'email_verified' claim: ${notOfType(verified, 'bool')}`);
  }
  if (verified !== true) throw new Error('oidc: email not verified');
}

function groupsOf(
  claims: Claims,
  { claimMappings }: JwtAuthenticatorConfig,
  program: CelProgram | undefined,
  variables: Variables,
): readonly string[] {
  const { claim = '', prefix = '', expression = '' } = claimMappings?.groups ?? {};
  if (claim !== '' && Object.hasOwn(claims, claim)) {
    const groups = within(`oidc: parse groups claim ${JSON.stringify(claim)}`, () => textsClaim(claims, claim));
    return groups.map((group) => prefix + group);
  }
  if (program === undefined) return [];
  const what = 'oidc: error evaluating group claim expression';
  const value = evaluate(program, expression, variables, what);
  return within(what, () => textsOf(value));
}

function uidOf(
  claims: Claims,
  { claimMappings }: JwtAuthenticatorConfig,
  program: CelProgram | undefined,
  variables: Variables,
): string {
  const { claim = '', expression = '' } = claimMappings?.uid ?? {};
  if (claim !== '') return within(`oidc: parse uid claim ${JSON.stringify(claim)}`, () => textClaim(claims, claim));
  if (program === undefined) return '';
  const what = 'oidc: error evaluating uid claim expression';
  const value = evaluate(program, expression, variables, what);
  if (typeof value !== 'string') throw new Error(`${what}: uid claim expression must return a string`);
  return value;
}

function extraOf(claims: Claims, programs: ClaimPrograms['extra'], variables: Variables): UserInfo['extra'] {
  const extra = new Map<string, readonly string[]>();
  const { jti } = claims;
  if (typeof jti === 'string' && jti !== '') extra.set(credentialIdKey, [`JTI=${jti}`]);
  for (const { key, expression, program } of programs) {
    const value = evaluate(program, expression, variables);
    const texts = within(`oidc: error evaluating extra claim expression: ${expression}`, () => textsOf(value));
    if (texts.length > 0) extra.set(key, texts);
  }
  return Object.fromEntries(extra);
}

function checkRequired(claims: Claims, { claimValidationRules = [] }: JwtAuthenticatorConfig): void {
  for (const { claim = '', requiredValue = '' } of claimValidationRules) {
    if (claim === '') continue;
    if (!Object.hasOwn(claims, claim)) throw new Error(`oidc: required claim ${claim} not present in ID token`);
    const value = within(`oidc: parse claim ${claim}`, () => textClaim(claims, claim));
    if (value === requiredValue) continue;
    throw new Error(`oidc: required claim ${claim} value does not match. Got = ${value}, want = ${requiredValue}`);
  }
}

function checkRules(rules: readonly Rule[], variables: Variables, what: string): void {
  for (const { expression, message, program } of rules) {
    if (evaluate(program, expression, variables, what) === true) continue;
    throw new Error(`${what}: validation expression '${expression}' failed: ${message}`);
  }
}

function evaluate(program: CelProgram, expression: string, variables: Variables, what?: string): CelValue {
  try {
    return program.evaluate(variables);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    const why = `expression '${expression}' resulted in error: ${error.message}`;
    throw new Error(what === undefined ? why : `${what}: ${why}`);
  }
}

/** A text or a list of texts; empty ones and null are left out. */
function textsOf(value: CelValue): string[] {
  const given: unknown = toJson(value);
  const texts = celTypeOf(value) === 'list' ? (given as unknown[]) : given === null ? [] : [given];
  if (!texts.every((text) => typeof text === 'string')) {
    throw new Error('expression must return a string or a list of strings');
  }
  return texts.filter((text) => text !== '');
}

/** Of claims null is as good as empty, as Go decodes it. */
function textClaim(claims: Claims, name: string): string {
  if (!Object.hasOwn(claims, name)) throw new Error('claim not present');
  const value = claims[name] ?? '';
  if (typeof value !== 'string') throw new Error(notOfType(value, 'string'));
  return value;
}

function textsClaim(claims: Claims, name: string): string[] {
  const value = claims[name] ?? [];
  const texts = Array.isArray(value) ? value.map((text: unknown) => text ?? '') : [value];
  if (texts.every((text) => typeof text === 'string')) return texts;
  throw new Error(notOfType(value, 'string'));
}

function notOfType(value: unknown, type: string): string {
  return `json: cannot unmarshal ${jsonType(value)} into Go value of type ${type}`;
}

function within<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`);
  }
}
