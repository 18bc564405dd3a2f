import { CelError, CelObject, type CelValue } from '@coracle/apimachinery/cel';
import { dns1123Label, dns1123Subdomain } from '@coracle/apimachinery/validation';
import { type AuthorizationDecision, blankQuestion, type Question } from '../../auth/authorizer.ts';
import { serviceAccountUser } from '../../auth/authenticators/users.ts';
import type { UserInfo } from '../../http/api-request.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { AskedAuthorizer } from './asked-authorizer.ts';

/** How far a question was put together. */
type Step = 'Authorizer' | 'PathCheck' | 'GroupCheck' | 'ResourceCheck';

/** `authorizer.group('').resource('pods').namespace('x').check('create')` (k8s.io/apiserver pkg/cel/library/authz.go). */
export class AuthorizerValue extends CelObject {
  readonly typeName: string;
  readonly #authorizer: AskedAuthorizer;
  readonly #user: UserInfo;
  readonly #question: Question;

  constructor(
    authorizer: AskedAuthorizer,
    user: UserInfo,
    question: Question = blankQuestion,
    step: Step = 'Authorizer',
  ) {
    super();
    this.typeName = `kubernetes.authorization.${step}`;
    this.#authorizer = authorizer;
    this.#user = user;
    this.#question = question;
  }

  override call(name: string, [text, second]: readonly CelValue[]): CelValue | undefined {
    if (typeof text !== 'string') return undefined;
    switch (name) {
      case 'group':
        return this.#with('GroupCheck', { apiGroup: text });
      case 'resource':
        if (text.trim() === '') throw new CelError('resource must not be empty');
        return this.#with('ResourceCheck', { resource: text });
      case 'subresource':
      case 'namespace':
      case 'name':
        return this.#with('ResourceCheck', { [name]: text });
      case 'path':
        if (text.trim() === '') throw new CelError('path must not be empty');
        return this.#with('PathCheck', { path: text, isResourceRequest: false });
      case 'fieldSelector':
      case 'labelSelector':
        return this.#with('ResourceCheck', { [name]: text });
      case 'serviceAccount': {
        checkAccount(text, String(second));
        const { username, groups } = serviceAccountUser(text, String(second), '');
        return new AuthorizerValue(this.#authorizer, { username, groups, extra: {} }, this.#question);
      }
      case 'check':
        return this.#check(text);
      default:
        return undefined;
    }
  }

  /** The question whether the user may do something with what is written. */
  ofRequest({ resource, subresource, namespace, name }: AdmissionAttributes): AuthorizerValue {
    const { group: apiGroup, version: apiVersion } = resource;
    const question = { apiGroup, apiVersion, resource: resource.resource, subresource, namespace, name };
    return this.#with('ResourceCheck', question);
  }

  #with(step: Step, part: Partial<Question>): AuthorizerValue {
    return new AuthorizerValue(this.#authorizer, this.#user, { ...this.#question, ...part }, step);
  }

  #check(verb: string): CelValue {
    return new DecisionValue(this.#authorizer.decide({ ...this.#question, user: this.#user, verb }));
  }
}

function checkAccount(namespace: string, name: string): void {
  if (dns1123Subdomain(name).length > 0) throw new CelError('Invalid service account name');
  if (dns1123Label(namespace).length > 0) throw new CelError('Invalid service account namespace');
}

class DecisionValue extends CelObject {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly #decision: AuthorizationDecision;

  constructor(decision: AuthorizationDecision) {
    super();
    this.#decision = decision;
  }

  override call(name: string): CelValue | undefined {
    const { decision, reason, evaluationError } = this.#decision;
    switch (name) {
      case 'allowed':
        return decision === 'allow';
      case 'reason':
        return reason;
      case 'errored':
        return evaluationError !== undefined;
      case 'error':
        return evaluationError ?? '';
      default:
        return undefined;
    }
  }
}
