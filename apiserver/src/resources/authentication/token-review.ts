import { badRequest, textOfError } from '@coracle/apimachinery/errors';
import type { TokenReview, TokenReviewStatus } from '@coracle/apimachinery/types/authentication-v1';
import type { Strategy, WriteContext } from '../../registry/strategy.ts';
import { answeredMetadata } from '../shared/answered-metadata.ts';
import { userOnTheWire } from './user-on-the-wire.ts';

/** Upstream pkg/registry/authentication/tokenreview. */
export const tokenReviewStrategy: Strategy<TokenReview> = {
  resource: { group: 'authentication.k8s.io', resource: 'tokenreviews' },
  validateName: () => [],
  async answer(review, context) {
    if (!review.spec?.token) throw badRequest('token is required for TokenReview in authentication');
    return { ...review, metadata: answeredMetadata(review.metadata), status: await statusOf(review, context) };
  },
};

async function statusOf({ spec }: TokenReview, { tokens }: WriteContext): Promise<TokenReviewStatus> {
  const wanted = spec.audiences?.length ? spec.audiences : tokens.audiences;
  try {
    const answer = await tokens.authenticate(spec.token, wanted);
    if (answer === undefined) return { user: {}, error: 'invalid bearer token' };
    const user = userOnTheWire(answer.user);
    return {
      authenticated: true,
      user,
      ...(answer.audiences === undefined ? {} : { audiences: [...answer.audiences] }),
    };
  } catch (error) {
    return { user: {}, error: textOfError(error) };
  }
}
