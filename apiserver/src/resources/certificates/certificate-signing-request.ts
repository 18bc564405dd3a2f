import { type FieldError, field, quote } from '@coracle/apimachinery/errors';
import { semanticEqual } from '@coracle/apimachinery/json';
import { humanDuration } from '@coracle/apimachinery/quantity';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '@coracle/apimachinery/types/certificates-v1';
import { nameIsPathSegment } from '@coracle/apimachinery/validation';
import { specOf } from '../shared/pod-template.ts';
import { type Strategy, timestamp, type WriteContext } from '../shared/registry.ts';
import { restoreStatus } from '../shared/status.ts';
import { ageColumn, ageOf, column, nameColumn, orNone } from '../shared/table.ts';
import { isCertificateRequest } from '../../auth/certificate-request.ts';
import { certificatesProblem, pemBlocks } from './pem.ts';
import { validateSignerName } from '../shared/signer-name.ts';

type Request = CertificateSigningRequest;

const certificateRequestType = 'CERTIFICATE REQUEST';
const secondsMin = 600;
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

export const certificateSigningRequestStrategy: Strategy<Request> = {
  resource: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
  validateName: nameIsPathSegment,
  generation: 'none',
  // Nobody owns what is set once and for all.
  resetFields: [['spec'], ['status']],
  prepareForCreate(object, { user }) {
    const { username: _, uid: __, groups: ___, extra: ____, ...asked } = specOf(object);
    object.spec = { ...asked, username: user.username, groups: [...user.groups] };
    if (user.uid !== undefined && user.uid !== '') object.spec.uid = user.uid;
    const extra = Object.entries(user.extra).map(([key, values]) => [key, [...values]]);
    if (extra.length > 0) object.spec.extra = Object.fromEntries(extra);
    object.status = {};
  },
  prepareForUpdate(object, old) {
    object.spec = old.spec;
    restoreStatus(object, old);
  },
  validate: async (object, old) => [
    ...(old === undefined ? await validateContent(object) : []),
    ...validateRequest(object, old),
  ],
  validateUpdate: (object, old) => validateChange(object, old, {}),
  fields: (object) => ({ 'spec.signerName': object.spec?.signerName ?? '' }),
  table: {
    columns: [
      nameColumn,
      ageColumn,
      column('SignerName', 'string', 'Who shall sign'),
      column('Requestor', 'string', 'Who asks'),
      column('RequestedDuration', 'string', 'How long the certificate shall be valid'),
      column('Condition', 'string', 'How far the request is'),
    ],
    row: (object, now) => [
      object.metadata?.name,
      ageOf(object, now),
      orNone(object.spec?.signerName),
      object.spec?.username ?? '',
      object.spec?.expirationSeconds === undefined ? '<none>' : humanDuration(object.spec.expirationSeconds * 1000),
      conditionText(object),
    ],
  },
  subresources: {
    status: {
      type: 'update',
      resetFields: [['spec'], ['status', 'conditions']],
      prepareForUpdate(object, old, context) {
        object.spec = old.spec;
        keepConditions(object, old, ['Approved', 'Denied']);
        setConditionTimes(object, old, context);
      },
      validateUpdate: (object, old) => [
        ...validateRequest(object, old),
        ...validateChange(object, old, { certificate: true }),
      ],
    },
    approval: {
      type: 'update',
      resetFields: [['spec'], ['status', 'certificate']],
      prepareForUpdate(object, old, context) {
        setConditionTimes(object, old, context);
        object.spec = old.spec;
        object.status = { ...old.status, conditions: object.status?.conditions ?? [] };
      },
      validateUpdate: (object, old) => [
        ...validateRequest(object, old),
        ...validateChange(object, old, { approval: true }),
      ],
    },
  },
};

function conditionText({ status }: Request): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) === true;
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return decision + (has('Failed') ? ',Failed' : '') + (status?.certificate ? ',Issued' : '');
}

function conditionsOf({ status }: Request, type: string): CertificateSigningRequestCondition[] {
  return (status?.conditions ?? []).filter((condition) => condition.type === type);
}

/** Conditions that this endpoint cannot set stay as they are: the ones that were there keep their place. */
function keepConditions(object: Request, old: Request, types: readonly string[]): void {
  const kept = new Map(types.map((type) => [type, conditionsOf(old, type)]));
  const conditions = (object.status?.conditions ?? []).flatMap((condition) => {
    const before = kept.get(condition.type);
    if (before === undefined) return [condition];
    const next = before.shift();
    return next === undefined ? [condition] : [next];
  });
  object.status = { ...object.status, conditions };
}

function setConditionTimes(object: Request, old: Request, { environment }: WriteContext): void {
  const now = timestamp(environment.clock.now());
  for (const condition of object.status?.conditions ?? []) {
    condition.lastUpdateTime ||= now;
    const before = conditionsOf(old, condition.type).find(({ status }) => status === condition.status);
    condition.lastTransitionTime ||= before?.lastTransitionTime || now;
  }
}

/** The request can be read; whether it may be signed is its signer's business. */
async function validateContent(object: Request): Promise<FieldError[]> {
  const request = object.spec?.request;
  const [block] = pemBlocks(Buffer.from(request ?? '', 'base64').toString('latin1'));
  const wrong = (text: string) => [field.invalid('spec.request', request ?? null, text)];
  if (block?.type !== certificateRequestType) return wrong(`PEM block type must be ${certificateRequestType}`);
  return (await isCertificateRequest(block.der)) ? [] : wrong('x509: malformed certificate request');
}

/** pkg/apis/certificates/validation.validateCertificateSigningRequest; what was stored invalid may stay. */
function validateRequest(object: Request, old: Request | undefined): FieldError[] {
  const { usages: asked = [], signerName = '', expirationSeconds } = specOf(object);
  const errors: FieldError[] = [];
  if (asked.length === 0) errors.push(field.required('spec.usages'));
  if (old === undefined) errors.push(...validateUsages(asked));
  if (old === undefined && signerName === 'kubernetes.io/legacy-unknown') {
    const text = 'the legacy signerName is not allowed via this API version';
    errors.push(field.invalid('spec.signerName', signerName, text));
  } else {
    errors.push(...validateSignerName(signerName, 'spec.signerName'));
  }
  if (expirationSeconds !== undefined && expirationSeconds < secondsMin) {
    const text = `may not specify a duration less than ${secondsMin} seconds (10 minutes)`;
    errors.push(field.invalid('spec.expirationSeconds', expirationSeconds, text));
  }
  return [...errors, ...validateConditions(object, 'status.conditions')];
}

function validateUsages(asked: readonly string[]): FieldError[] {
  return asked.flatMap((usage, index) => {
    const path = `spec.usages[${index}]`;
    const errors = usages.includes(usage) ? [] : [field.notSupported(path, usage, usages)];
    return asked.indexOf(usage) < index ? [...errors, field.duplicate(path, usage)] : errors;
  });
}

function validateConditions({ status }: Request, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, condition] of (status?.conditions ?? []).entries()) {
    const at = `${path}[${index}]`;
    const { type = '', status: value = '' } = condition;
    const allowed = ['Approved', 'Denied', 'Failed'].includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (type === '') errors.push(field.required(`${at}.type`));
    if (value === '') errors.push(field.required(`${at}.status`));
    else if (!allowed.includes(value)) errors.push(field.notSupported(`${at}.status`, value, allowed));
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (other !== undefined && seen.has(other)) {
      errors.push(field.invalid(path, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type)) errors.push(field.duplicate(`${at}.type`, type));
    seen.add(type);
  }
  return errors;
}

/** What each endpoint may change: nobody takes a decision back, only `approval` decides, only `status` issues. */
function validateChange(
  object: Request,
  old: Request,
  may: { approval?: boolean; certificate?: boolean },
): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (text: string) => errors.push(field.forbidden('status.conditions', text));
  for (const type of ['Approved', 'Denied', 'Failed']) {
    const before = conditionsOf(old, type);
    const after = conditionsOf(object, type);
    if (after.length < before.length) forbid(`updates may not remove a condition of type ${quote(type)}`);
    if (may.approval === true || type === 'Failed' || after.length < before.length) continue;
    if (after.length > before.length) forbid(`updates may not add a condition of type ${quote(type)}`);
    else if (!semanticEqual(before, after)) forbid(`updates may not modify a condition of type ${quote(type)}`);
  }
  const certificate = object.status?.certificate ?? '';
  const issued = old.status?.certificate ?? '';
  if (certificate === issued) return errors;
  const path = 'status.certificate';
  if (may.certificate !== true) errors.push(field.forbidden(path, 'updates may not set certificate content'));
  else if (issued !== '') errors.push(field.forbidden(path, 'updates may not modify existing certificate content'));
  const problem = certificate === '' ? undefined : certificatesProblem(certificate);
  if (problem !== undefined) errors.push(field.invalid(path, '<certificate data>', problem));
  return errors;
}
