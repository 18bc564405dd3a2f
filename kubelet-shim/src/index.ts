/** The nodes of a cluster: the cloud they are machines of, and the agents that run their pods. */
export type {
  CertificateRequest,
  Cloud,
  CloudDependencies,
  CloudOptions,
  Connection,
  Identity,
} from './cloud/options.ts';
export {
  cloudGroup,
  type FargateProfile,
  FargateProfiles,
  type FargateSelector,
  type NodeGroup,
  NodeGroups,
  type NodeGroupSpec,
  type NodeGroupStatus,
} from './cloud/resources.ts';
export { removeMachines, startCloud } from './cloud/start-cloud.ts';
export { type FargateAdmissionContext, fargateAdmission } from './machines/fargate/admission.ts';
export { createHollowNetwork, type HollowNetwork } from './runtime/index.ts';
export { type NetworkPlan, planNetwork } from './network/index.ts';
export { type NodeAgentDependencies, type NodeAgentOptions, startNodeAgent } from './node-agent.ts';
