import type { Strategy } from '../../registry/strategy.ts';
import {
  localSubjectAccessReviewStrategy,
  selfSubjectAccessReviewStrategy,
  subjectAccessReviewStrategy,
} from './access-reviews.ts';
import { selfSubjectRulesReviewStrategy } from './rules-review.ts';

/** Questions about what somebody may do: answered, never stored. */
export const strategies: readonly Strategy[] = [
  subjectAccessReviewStrategy as Strategy,
  selfSubjectAccessReviewStrategy as Strategy,
  localSubjectAccessReviewStrategy as Strategy,
  selfSubjectRulesReviewStrategy as Strategy,
];
