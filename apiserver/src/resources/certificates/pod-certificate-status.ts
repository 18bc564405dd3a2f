import type { KeyObject, X509Certificate } from 'node:crypto';
import { type FieldError, field, omitted, quote } from '@coracle/apimachinery/errors';
import { compareText, semanticEqual } from '@coracle/apimachinery/json';
import type { PodCertificateRequest } from '@coracle/apimachinery/types/certificates-v1';
import { byteLength, validateConditions } from '@coracle/apimachinery/validation';
import { keyOfRequest } from '../../auth/certificate-request.ts';
import { isAuthorizedForSigner } from '../../auth/signers.ts';
import type { WriteContext } from '../shared/registry.ts';
import { parseCertificate, type PemBlock, pemBlocks } from './pem.ts';

type Request = PodCertificateRequest;

/** Conditions that end a request: what its status says then stays. */
export const ending: readonly string[] = ['Issued', 'Denied', 'Failed'];

const chainBytesMax = 100 * 1024;
const minuteMs = 60_000;
const skewMaxMs = 5 * minuteMs;
const lifetimeMinMs = 60 * minuteMs;
/** A certificate is good for so long before and after it is to be renewed. */
const refreshMarginMs = 10 * minuteMs;
const chainPath = 'status.certificateChain';

/** A signer answers once: it issues, denies or fails. It needs the permission to (pkg/registry/certificates/podcertificaterequest). */
export async function validateStatusUpdate(
  object: Request,
  old: Request,
  context: WriteContext,
): Promise<FieldError[]> {
  const errors = await validateAnswer(object, old, context.environment.clock.now());
  if (errors.length > 0 || semanticEqual(object.status ?? {}, old.status ?? {})) return errors;
  const { authorizer, user } = context;
  const { signerName } = old.spec;
  if (await isAuthorizedForSigner(authorizer, user, 'sign', signerName)) return [];
  const text = `User ${quote(user.username)} is not permitted to "sign" for signer ${quote(signerName)}`;
  return [field.forbidden('spec.signerName', text)];
}

/** pkg/apis/certificates/validation.ValidatePodCertificateRequestStatusUpdate */
async function validateAnswer(object: Request, old: Request, now: number): Promise<FieldError[]> {
  const { conditions = [], ...rest } = object.status ?? {};
  const errors = [...validateEndings(object), ...validateConditions(conditions, 'status.conditions')];
  if (errors.length > 0) return errors;
  const changed = !semanticEqual(object.status ?? {}, old.status ?? {});
  if (endingOf(old) !== undefined) {
    return changed ? [wrongStatus('immutable after PodCertificateRequest is issued, denied, or failed')] : [];
  }
  switch (endingOf(object)) {
    case 'Issued':
      return validateIssued(object, old, now);
    case 'Denied':
    case 'Failed': {
      const text = 'non-condition status fields must be empty when denying or failing the PodCertificateRequest';
      return semanticEqual(rest, {}) ? [] : [wrongStatus(text)];
    }
    default:
      return changed
        ? [wrongStatus('status is immutable unless transitioning to "Issued", "Denied", or "Failed"')]
        : [];
  }
}

const wrongStatus = (text: string) => field.invalid('status', omitted, text);

function endingOf({ status }: Request): string | undefined {
  return status?.conditions?.find((condition) => ending.includes(condition.type) && condition.status === 'True')?.type;
}

function validateEndings({ status }: Request): FieldError[] {
  let known = 0;
  return (status?.conditions ?? []).flatMap(({ type, status: value }, index) => {
    const path = `status.conditions.[${index}]`;
    if (!ending.includes(type)) return [field.notSupported(`${path}.type`, type, ending)];
    const errors: FieldError[] = [];
    if (++known > 1) {
      const text = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
      errors.push(field.invalid(`${path}.type`, type, text));
    }
    if (value !== 'True') errors.push(field.notSupported(`${path}.status`, value, ['True']));
    return errors;
  });
}

/** Each step needs the one before it: the first that finds something ends them. */
async function validateIssued(object: Request, old: Request, now: number): Promise<FieldError[]> {
  const chain = object.status?.certificateChain ?? '';
  if (byteLength(chain) > chainBytesMax) return [field.tooLong(chainPath, chainBytesMax)];
  const wrong = (text: string) => field.invalid(chainPath, chain, text);
  const [first, ...others] = pemBlocks(chain);
  if (first === undefined) return [wrong('issued certificate chain must contain at least one certificate')];
  if (first.type !== 'CERTIFICATE')
    return [wrong('issued certificate chain must consist entirely of CERTIFICATE PEM blocks')];
  const leaf = parseCertificate(first.der);
  if (leaf === undefined) return [wrong('leaf certificate does not parse as valid X.509')];
  const errors = validateNames(leaf);
  const request = await keyOfRequest(Buffer.from(old.spec.stubPKCS10Request ?? '', 'base64')).catch(() => undefined);
  if (request === undefined) {
    return [...errors, field.invalid('spec.stubPKCS10Request', omitted, 'must be a valid PKCS#10 CSR')];
  }
  if (!isOfKey(leaf, request.key)) {
    return [...errors, wrong('leaf certificate was not issued to the requested public key')];
  }
  errors.push(...validateTimesPresent(object));
  if (errors.length > 0) return errors;
  const [timing] = validateTimes(object, leaf, now);
  if (timing !== undefined) return [timing];
  const problem = others.map(issuerProblem).find((text) => text !== undefined);
  return problem === undefined ? [] : [wrong(problem)];
}

function isOfKey(certificate: X509Certificate, key: KeyObject): boolean {
  return certificate.publicKey.equals(key);
}

function issuerProblem({ type, der }: PemBlock): string | undefined {
  // The word is upstream's.
  if (type !== 'CERTIFICATE') return 'issued certificate chain must consist entirely of CERTFICATE PEM blocks';
  return parseCertificate(der) === undefined ? 'intermediate certificate does not parse as valid X.509' : undefined;
}

function validateNames(leaf: X509Certificate): FieldError[] {
  const errors: FieldError[] = [];
  for (const [kind, name] of alternativeNames(leaf)) {
    const wrong = (text: string) => errors.push(field.invalid(chainPath, name, text));
    if (kind === 'email') {
      if (!/^[^\s@<>]+@[^\s@<>]+$/.test(name)) wrong('leaf certificate should not contain invalid EmailAddress');
      continue;
    }
    if (name === '') wrong('leaf certificate should not contain empty DNSName');
    if (name.includes('..')) wrong("leaf certificate's DNSName should not contain '..'");
    if (/^\.|\.$/.test(name)) wrong("leaf certificate's DNSName should not start or end with '.'");
  }
  return errors;
}

/** Names of hosts first, then of mailboxes; Node writes those with a special character as JSON. */
function alternativeNames({ subjectAltName = '' }: X509Certificate): [kind: string, name: string][] {
  const names = [...subjectAltName.matchAll(/(?:^|, )(DNS|email):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, kind = '', text = '']): [string, string] => [kind, text.startsWith('"') ? (JSON.parse(text) as string) : text],
  );
  return names.toSorted(([a], [b]) => compareText(a, b));
}

function validateTimesPresent({ status }: Request): FieldError[] {
  const errors: FieldError[] = [];
  const consistent = 'must be present and consistent with the issued certificate';
  if (!status?.notBefore) errors.push(field.required('status.notBefore', consistent));
  if (!status?.notAfter) errors.push(field.required('status.notAfter', consistent));
  if (!status?.beginRefreshAt) {
    const text = 'must be present and in the range [notbefore+10min, notafter-10min]';
    errors.push(field.required('status.beginRefreshAt', text));
  }
  return errors;
}

function* validateTimes({ spec, status }: Request, leaf: X509Certificate, now: number): Generator<FieldError> {
  const { notBefore = '', notAfter = '', beginRefreshAt = '' } = status ?? {};
  const [from, to, refresh] = [notBefore, notAfter, beginRefreshAt].map((text) => Date.parse(text)) as [
    number,
    number,
    number,
  ];
  const wrong = (name: string, value: string, text: string) => field.invalid(`status.${name}`, value, text);
  if (from !== Date.parse(leaf.validFrom)) {
    yield wrong('notBefore', notBefore, 'must be set to the NotBefore time encoded in the leaf certificate');
  }
  if (Math.abs(from - now) >= skewMaxMs) {
    yield wrong('notBefore', notBefore, "must be set to within 5 minutes of kube-apiserver's current time");
  }
  if (to !== Date.parse(leaf.validTo)) {
    yield wrong('notAfter', notAfter, 'must be set to the NotAfter time encoded in the leaf certificate');
  }
  const lifetimeMs = to - from;
  const most = spec.maxExpirationSeconds ?? 0;
  const badLifetime = (text: string) => field.invalid(chainPath, lifetimeMs * 1_000_000, text);
  if (lifetimeMs < lifetimeMinMs) yield badLifetime('leaf certificate lifetime must be >= 1 hour');
  if (lifetimeMs > most * 1000) {
    yield badLifetime(`leaf certificate lifetime must be <= spec.maxExpirationSeconds (${most})`);
  }
  if (refresh < from + refreshMarginMs) {
    yield wrong('beginRefreshAt', beginRefreshAt, 'must be at least 10 minutes after status.notBefore');
  }
  if (refresh > to - refreshMarginMs) {
    yield wrong('beginRefreshAt', beginRefreshAt, 'must be at least 10 minutes before status.notAfter');
  }
}
