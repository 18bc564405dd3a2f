import { CelError, CelObject, type CelValue } from '@coracle/apimachinery/cel';
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../../auth/authorizer.ts';
import type { UserInfo } from '../../http/api-request.ts';

type Question = Omit<AuthorizationAttributes, 'user' | 'verb'>;

const nothing: Question = {
  isResourceRequest: true,
  namespace: '',
  apiGroup: '',
  apiVersion: '*',
  resource: '',
  subresource: '',
  name: '',
  path: '',
};

/** `authorizer.group('').resource('pods').namespace('x').check('create')` (k8s.io/apiserver pkg/cel/library/authz.go). */
export class AuthorizerValue extends CelObject {
  readonly typeName = 'kubernetes.authorization.Authorizer';
  readonly #authorizer: Authorizer;
  readonly #user: UserInfo;
  readonly #question: Question;

  constructor(authorizer: Authorizer, user: UserInfo, question: Question = nothing) {
    super();
    this.#authorizer = authorizer;
    this.#user = user;
    this.#question = question;
  }

  override call(name: string, [text, second]: readonly CelValue[]): CelValue | undefined {
    if (typeof text !== 'string') return undefined;
    switch (name) {
      case 'group':
        return this.#with({ apiGroup: text });
      case 'resource':
      case 'subresource':
      case 'namespace':
      case 'name':
        return this.#with({ [name]: text });
      case 'path':
        return this.#with({ path: text, isResourceRequest: false });
      case 'fieldSelector':
      case 'labelSelector':
        return this.#with({ [name]: text });
      case 'serviceAccount': {
        const username = `system:serviceaccount:${text}:${String(second)}`;
        const groups = ['system:serviceaccounts', `system:serviceaccounts:${text}`, 'system:authenticated'];
        return new AuthorizerValue(this.#authorizer, { username, groups, extra: {} }, this.#question);
      }
      case 'check':
        return this.#check(text);
      default:
        return undefined;
    }
  }

  #with(part: Partial<Question>): AuthorizerValue {
    return new AuthorizerValue(this.#authorizer, this.#user, { ...this.#question, ...part });
  }

  #check(verb: string): CelValue {
    const decision = this.#authorizer.authorize({ ...this.#question, user: this.#user, verb });
    if (decision instanceof Promise) throw new CelError('the authorizer cannot answer at once');
    return new DecisionValue(decision);
  }
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
