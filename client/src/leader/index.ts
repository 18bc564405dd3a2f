export { type LeaderElectionOptions, startLeaderElection } from './leader-election.ts';
