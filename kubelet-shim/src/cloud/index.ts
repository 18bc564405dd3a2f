/** The cloud as API objects, and the one place that puts machines, network and Services together. */
export type * from './options.ts';
export { cloudGroup, FargateProfiles, NodeGroups } from './resources.ts';
export type { FargateProfile, FargateSelector, NodeGroup, NodeGroupSpec, NodeGroupStatus } from './resources.ts';
export { removeMachines, startCloud } from './start-cloud.ts';
