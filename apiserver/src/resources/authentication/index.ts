import type { Strategy } from '../../registry/strategy.ts';
import { selfSubjectReviewStrategy } from './self-subject-review.ts';
import { tokenReviewStrategy } from './token-review.ts';

/** Questions about who somebody is: answered, never stored. */
export const strategies: readonly Strategy[] = [tokenReviewStrategy as Strategy, selfSubjectReviewStrategy as Strategy];
