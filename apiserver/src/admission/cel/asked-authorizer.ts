import type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from '../../auth/authorizer.ts';

/** An evaluation cannot go on before an answer is there. No CelError: no operator of an expression absorbs it. */
export class PendingDecision extends Error {
  readonly answered: Promise<unknown>;

  constructor(answered: Promise<unknown>) {
    super('an authorizer has not answered yet');
    this.answered = answered;
  }
}

/**
 * What expressions ask the authorizers, each question once: those of all policies about one write (k8s.io/apiserver
 * pkg/admission/plugin/authorizer/caching_authorizer.go), and those of one webhook's match conditions.
 */
export class AskedAuthorizer {
  readonly #authorizer: Authorizer;
  readonly #answers = new Map<string, AuthorizationDecision>();

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /** Throws PendingDecision where the answer takes time; the same question has one after that. */
  decide(attributes: AuthorizationAttributes): AuthorizationDecision {
    const key = JSON.stringify(attributes);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = this.#authorizer.authorize(attributes);
    if (answer instanceof Promise) throw new PendingDecision(answer.then((each) => this.#answers.set(key, each)));
    this.#answers.set(key, answer);
    return answer;
  }
}

/** Evaluates, from the beginning again each time an answer was waited for: expressions change nothing. */
export async function whenDecided<T>(evaluate: () => T): Promise<T> {
  for (;;) {
    try {
      return evaluate();
    } catch (error) {
      if (!(error instanceof PendingDecision)) throw error;
      await error.answered;
    }
  }
}
