import { expect } from 'chai';
import {
  conflict,
  field,
  fieldErrorBody,
  forbidden,
  genericServerResponse,
  internalError,
  invalid,
  isStatus,
  methodNotSupported,
  notFound,
  omitted,
  quote,
} from './index.ts';

const pods = { group: '', resource: 'pods' };
const deployments = { group: 'apps', resource: 'deployments' };

describe('status errors', () => {
  it('say what was not found, with the details clients read', () => {
    expect(notFound(deployments, 'web').status).to.deep.equal({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'deployments.apps "web" not found',
      reason: 'NotFound',
      details: { name: 'web', group: 'apps', kind: 'deployments' },
      code: 404,
    });
  });

  it('have upstream words', () => {
    const stale = new Error('stale');
    expect(conflict(pods, 'a', stale).message).to.equal('Operation cannot be fulfilled on pods "a": stale');
    expect(forbidden(pods, 'a', 'no').message).to.equal('pods "a" is forbidden: no');
    expect(forbidden(pods, '', 'no').message).to.equal('pods is forbidden: no');
    expect(forbidden({ group: '', resource: '' }, '', 'no').message).to.equal('forbidden: no');
    expect(internalError(stale).message).to.equal('Internal error occurred: stale');
    expect(methodNotSupported(pods, 'create').message).to.equal('create is not supported on resources of kind "pods"');
    expect(genericServerResponse({ code: 409, verb: 'PUT', resource: pods, name: 'a' }).message).to.equal(
      'the server reported a conflict (put pods a)',
    );
    expect(isStatus(notFound(pods, 'a'), 'Conflict')).to.equal(false);
  });

  it('list every finding as a cause and each text once in the message', () => {
    const findings = [
      field.required('spec.selector', ''),
      field.invalid('spec.replicas', -1, 'must be greater than or equal to 0'),
      field.required('spec.selector', ''),
    ];
    const error = invalid({ group: 'apps', kind: 'Deployment' }, 'web', findings);
    expect(error.message).to.equal(
      'Deployment.apps "web" is invalid: [spec.selector: Required value, ' +
        'spec.replicas: Invalid value: -1: must be greater than or equal to 0]',
    );
    expect(error.status.details?.causes).to.have.length(3);
    expect(error.status.details?.causes?.[0]).to.deep.equal({
      reason: 'FieldValueRequired',
      message: 'Required value',
      field: 'spec.selector',
    });
  });
});

describe('field errors', () => {
  const cases: [string, Parameters<typeof fieldErrorBody>[0], string][] = [
    ['quote strings as Go does', field.invalid('a', 'x"\n\u0001é', 'bad'), 'Invalid value: "x\\"\\n\\x01é": bad'],
    ['print objects as JSON', field.invalid('a', { b: ['<'] }, 'bad'), 'Invalid value: {"b":["\\u003c"]}: bad'],
    [
      'print nothing as null',
      field.typeInvalid('a', undefined, 'must be string'),
      'Invalid value: null: must be string',
    ],
    ['print all digits', field.invalid('a', -(2 ** 63), 'bad'), 'Invalid value: -9223372036854775808: bad'],
    ['leave omitted values out', field.invalid('a', omitted, 'bad'), 'Invalid value: bad'],
    [
      'quote the supported values',
      field.notSupported('a', 'C', ['A', 'B']),
      'Unsupported value: "C": supported values: "A", "B"',
    ],
    ['count bytes', field.tooLong('a', 1), 'Too long: may not be more than 1 byte'],
    ['count items', field.tooMany('a', 3, 2), 'Too many: 3: must have at most 2 items'],
    ['have no detail', field.duplicate('a', 'x'), 'Duplicate value: "x"'],
  ];
  for (const [name, error, text] of cases) it(name, () => expect(fieldErrorBody(error)).to.equal(text));

  it('escapes what cannot be printed', () => expect(quote('\u200b\u{e0001}')).to.equal('"\\u200b\\U000e0001"'));
});
