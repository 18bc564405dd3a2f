/** The contract of strategies, at the distance of a kind's folder. */
export type { Strategy, SubresourceStrategy, TableStrategy, WriteContext } from '../../registry/strategy.ts';
