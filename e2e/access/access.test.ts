import { describeTable } from './testing/describe-table.ts';
import { controllerSections } from './table-controllers.ts';
import { credentialSections } from './table-credentials.ts';
import { nodeSections } from './table-nodes.ts';
import { reviewSections } from './table-reviews.ts';
import { roleSections } from './table-roles.ts';

describeTable('who may do what', [
  ...credentialSections,
  ...reviewSections,
  ...roleSections,
  ...nodeSections,
  ...controllerSections,
]);
