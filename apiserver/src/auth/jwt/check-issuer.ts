import { field, type FieldError } from '@coracle/apimachinery/errors';
import { certificatesIn } from '../authenticators/client-certificate.ts';
import type { IssuerConfig } from './configuration.ts';

/** What is wrong with how an issuer is described. */
export function checkIssuer(issuer: IssuerConfig, path: string, disallowedIssuers: readonly string[]): FieldError[] {
  const { url = '', discoveryURL = '', audiences = [], audienceMatchPolicy = '', certificateAuthority } = issuer;
  return [
    ...(url === '' ? [field.required(`${path}.url`)] : checkUrl(url, `${path}.url`, disallowedIssuers)),
    ...checkDiscovery(url, discoveryURL, `${path}.discoveryURL`),
    ...checkAudiences(audiences, audienceMatchPolicy, path),
    ...checkAuthority(certificateAuthority, `${path}.certificateAuthority`),
    ...checkEgress(issuer.egressSelectorType, `${path}.egressSelectorType`),
  ];
}

function checkDiscovery(url: string, discoveryURL: string, path: string): FieldError[] {
  if (discoveryURL === '') return [];
  const withoutSlash = (text: string) => text.replace(/\/+$/, '');
  const same = url !== '' && withoutSlash(url) === withoutSlash(discoveryURL);
  return [
    ...(same ? [field.invalid(path, discoveryURL, 'discoveryURL must be different from URL')] : []),
    ...checkUrl(discoveryURL, path, []),
  ];
}

function checkUrl(url: string, path: string, disallowed: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(field.invalid(path, url, why));
  if (disallowed.includes(url)) {
    refuse(`URL must not overlap with disallowed issuers: [${disallowed.toSorted().join(' ')}]`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== 'https') refuse('URL scheme must be https');
  if (scheme === undefined) return errors;
  if (!URL.canParse(url)) {
    refuse(`parse ${JSON.stringify(url)}: invalid URL`);
    return errors;
  }
  const parsed = new URL(url);
  if (parsed.username !== '' || parsed.password !== '') refuse('URL must not contain a username or password');
  if (parsed.search !== '') refuse('URL must not contain a query');
  if (parsed.hash !== '') refuse('URL must not contain a fragment');
  return errors;
}

function checkAudiences(audiences: readonly string[], policy: string, path: string): FieldError[] {
  const list = `${path}.audiences`;
  if (audiences.length === 0) return [field.required(list, `at least one ${list} is required`)];
  const errors = audiences.flatMap((audience, index) => [
    ...(audience === '' ? [field.required(`${list}[${index}]`)] : []),
    ...(audiences.indexOf(audience) < index ? [field.duplicate(`${list}[${index}]`, audience)] : []),
  ]);
  const single = audiences.length === 1;
  if (policy === 'MatchAny' || (single && policy === '')) return errors;
  const wanted = single ? 'empty or MatchAny for single audience' : 'MatchAny for multiple audiences';
  return [...errors, field.invalid(`${path}.audienceMatchPolicy`, policy, `audienceMatchPolicy must be ${wanted}`)];
}

function checkAuthority(bundle: string | undefined, path: string): FieldError[] {
  if (!bundle) return [];
  try {
    if (certificatesIn(bundle).length > 0) return [];
  } catch {
    // Said below.
  }
  return [field.invalid(path, '<omitted>', 'data does not contain any valid RSA or ECDSA certificates')];
}

/** This server has one way out: there is none to choose. */
function checkEgress(type: string | undefined, path: string): FieldError[] {
  if (!type) return [];
  const why = ['controlplane', 'cluster'].includes(type)
    ? `oidc: egress lookup required with egress selector type ${JSON.stringify(type)}`
    : 'egress selector must be either controlplane or cluster';
  return [field.invalid(path, type, why)];
}
