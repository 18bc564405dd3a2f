/** What strategies see of the registry that drives them: the one door between the two rooms. */
export type { ApiResponse, UserInfo } from '../../http/api-request.ts';
export { timestamp } from '../../registry/metadata.ts';
export { failedPrecondition } from '../../registry/precondition.ts';
export type { DeleteOptions, Readers, Writers } from '../../registry/readers.ts';
export type {
  ConnectCall,
  DeletionStrategy,
  Finish,
  Strategy,
  SubresourceStrategy,
  TableRow,
  TableStrategy,
  UpdateRules,
  WriteContext,
} from '../../registry/strategy.ts';
