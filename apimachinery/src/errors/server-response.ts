import type { GroupResource } from '../schema/resource.ts';
import { resourceText } from './factories.ts';
import { quote } from './quote.ts';
import { StatusError, type StatusDetails, type StatusReason } from './status.ts';

/** What is known of a request whose answer carried no Status. */
export interface ServerResponse {
  readonly code: number;
  /** HTTP method; empty where it does not matter. */
  readonly verb?: string;
  readonly resource?: GroupResource;
  readonly name?: string;
  /** The text of the answer. */
  readonly serverMessage?: string;
  readonly retryAfterSeconds?: number;
  /** The answer is not of a Kubernetes server's form: its text becomes a cause. */
  readonly unexpected?: boolean;
}

/** The error of an answer in no recognisable form (apimachinery errors.NewGenericServerResponse). */
export function genericServerResponse(response: ServerResponse): StatusError {
  const { code, verb = '', resource, name = '', serverMessage = '', retryAfterSeconds = 0, unexpected } = response;
  const [reason, text] = meaning(code, verb, serverMessage);
  const details: StatusDetails = {};
  let message = text;
  if (resource !== undefined && resource.resource !== '') {
    message += ` (${[verb.toLowerCase(), resourceText(resource), ...(name === '' ? [] : [name])].join(' ')})`;
    details.kind = resource.resource;
    if (resource.group !== '') details.group = resource.group;
  }
  if (name !== '') details.name = name;
  if (unexpected === true) details.causes = [{ reason: 'UnexpectedServerResponse', message: serverMessage }];
  if (retryAfterSeconds > 0) details.retryAfterSeconds = retryAfterSeconds;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  });
}

function meaning(code: number, verb: string, serverMessage: string): [StatusReason, string] {
  switch (code) {
    case 400:
      return ['BadRequest', 'the server rejected our request for an unknown reason'];
    case 401:
      return ['Unauthorized', 'the server has asked for the client to provide credentials'];
    case 403:
      return ['Forbidden', serverMessage];
    case 404:
      return ['NotFound', 'the server could not find the requested resource'];
    case 405:
      return ['MethodNotAllowed', 'the server does not allow this method on the requested resource'];
    case 406: {
      const unknown = serverMessage === '' || serverMessage === 'unknown';
      const text = 'the server was unable to respond with a content type that the client supports';
      return ['NotAcceptable', unknown ? text : serverMessage];
    }
    case 409:
      return [verb === 'POST' ? 'AlreadyExists' : 'Conflict', 'the server reported a conflict'];
    case 415:
      return ['UnsupportedMediaType', serverMessage];
    case 422:
      return ['Invalid', 'the server rejected our request due to an error in our request'];
    case 429:
      return ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'];
    case 503:
      return ['ServiceUnavailable', 'the server is currently unable to handle the request'];
    case 504:
      return [
        'Timeout',
        'the server was unable to return a response in the time allotted, but may still be processing the request',
      ];
  }
  if (code >= 500) {
    return [
      'InternalError',
      `an error on the server (${quote(serverMessage)}) has prevented the request from succeeding`,
    ];
  }
  return ['Unknown', `the server responded with the status code ${code} but did not return more information`];
}
