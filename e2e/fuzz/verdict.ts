import type { FuzzRequest } from './fuzz-request.ts';
import type { Outcome } from './send.ts';

/** 5xx that upstream answers as well, each with its reason. */
const expected: readonly (readonly [status: number, body: RegExp, reason: string])[] = [
  [504, /Timeout: Too large resource version/, 'a revision from the future, after waiting for it'],
  [504, /request did not complete within requested timeout/, 'the timeout that the client asked for'],
  [500, /failed to create typed patch object/, 'an apply that does not fit the schema: upstream wraps no error there'],
  [500, /failed to convert new object/, 'what was applied does not convert: no error wrapped there either'],
  [
    500,
    /unknown patch type: |merging lists cannot yet be|without merge key for struct/,
    'a `$patch` that is no directive',
  ],
  [
    500,
    /does not contain declared merge key: /,
    'an item of a strategic patch without its key: upstream wraps no error',
  ],
  [500, /"message":"\[?target\.(name|kind): .*"code":500/, 'a binding without a target: upstream wraps no error'],
  [500, /strconv.ParseUint: parsing /, 'a resource version that is no number'],
  [500, /failed calling webhook|conversion webhook for .* failed/, 'a webhook of the corpus, which nobody answers'],
  [
    503,
    /service unavailable|no endpoints available|error trying to reach service|service .* not found/i,
    'an APIService or proxy without a backend',
  ],
  [
    500,
    /no preferred addresses found|dial tcp|address not allowed|connect ECONNREFUSED|no node|node.* not found/i,
    'a node that is not there',
  ],
];

/** Why an outcome is a bug; undefined where it is none. */
export function complaintOf(request: FuzzRequest, { status, body }: Outcome): string | undefined {
  if ('bytes' in request) return status >= 500 && !/^HTTP\/1\.\d 505/.test(body) ? `${status}` : undefined;
  if (status === 0) return `no answer: ${body}`;
  if (status < 500) return undefined;
  // An answer to HEAD has no body to say why.
  const known = expected.some(
    ([code, pattern]) => code === status && (request.method === 'HEAD' || pattern.test(body)),
  );
  return known ? undefined : `${status}: ${body.slice(0, 300)}`;
}
