/** One line of the bench: what to run and what is to be reached against the reference. */
export interface Work {
  readonly title: string;
  /** Flags of the client. */
  readonly args: readonly string[];
  /** Rate at least this many times the reference's, cost at most this share of it. */
  readonly target?: { readonly rate?: number; readonly cost?: number };
}

const json = ['-type', 'application/json'];
const protobuf = ['-type', 'application/vnd.kubernetes.protobuf'];

const create = { rate: 2.5, cost: 1 / 3 };
const gzipList = { cost: 1 / 4 };

/** In this order, on one cluster: later works use what earlier ones made. 6,000 pods are there while lists are measured. */
export const works: readonly Work[] = [
  { title: 'create pods, JSON', args: ['-work', 'create', '-n', '3000', ...json], target: create },
  {
    title: 'create pods, protobuf',
    args: ['-work', 'create', '-n', '3000', '-first', '3000', ...protobuf],
    target: create,
  },
  { title: 'get pods', args: ['-work', 'get', '-n', '6000', ...json], target: { cost: 1 / 2 } },
  {
    title: 'list 6,000 pods, protobuf, gzip',
    args: ['-work', 'list', '-n', '48', '-c', '4', ...protobuf],
    target: gzipList,
  },
  { title: 'list 6,000 pods, protobuf', args: ['-work', 'list', '-n', '48', '-c', '4', '-gzip=false', ...protobuf] },
  { title: 'list 6,000 pods, JSON, gzip', args: ['-work', 'list', '-n', '32', '-c', '4', ...json], target: gzipList },
  { title: 'consistent list, protobuf', args: ['-work', 'list-consistent', '-n', '48', '-c', '4', ...protobuf] },
  { title: 'consistent list, JSON', args: ['-work', 'list-consistent', '-n', '32', '-c', '4', ...json] },
  { title: 'list in pages of 500, protobuf', args: ['-work', 'list-paged', '-n', '24', '-c', '4', ...protobuf] },
  { title: 'list by label, 600 of 6,000', args: ['-work', 'list-label', '-n', '200', '-c', '4', ...protobuf] },
  {
    title: 'strategic patch of a status',
    args: ['-work', 'patch-status', '-n', '3000', ...json],
    target: { cost: 1 / 3 },
  },
  { title: 'server-side apply', args: ['-work', 'apply', '-n', '4000', ...json] },
  { title: '300 updates to 100 watchers', args: ['-work', 'fan-out', '-n', '300', ...json], target: { rate: 2 } },
  { title: 'delete pods', args: ['-work', 'delete', '-n', '3000', ...json] },
  { title: 'deletecollection', args: ['-work', 'delete-collection', ...json] },
];

/** Scheduling onto 1,000 nodes, which are objects only. */
export const schedulingWorks: readonly Work[] = [
  { title: 'schedule 3,000 pods', args: ['-work', 'schedule', '-n', '3000', ...protobuf] },
  { title: 'schedule 3,000, zone spread', args: ['-work', 'schedule', '-n', '3000', '-shape', 'spread', ...protobuf] },
  {
    title: 'schedule 1,000, host anti-affinity',
    args: ['-work', 'schedule', '-n', '1000', '-shape', 'anti-affinity', ...protobuf],
  },
];
