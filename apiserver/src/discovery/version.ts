import type { PathHandler } from '../handlers/root.ts';
import { objectResponse } from '../negotiation/object-response.ts';

/** The release of Kubernetes whose API this server serves. */
export const kubernetesVersion = '1.37.2';

const [major = '', minor = ''] = kubernetesVersion.split('.');

/** What GET /version answers. */
export const versionInfo = {
  major,
  minor,
  emulationMajor: major,
  emulationMinor: minor,
  minCompatibilityMajor: major,
  minCompatibilityMinor: String(Number(minor) - 1),
  gitVersion: `v${kubernetesVersion}+coracle`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'linux/amd64',
};

/** GET /version. */
export const versionPath: PathHandler = ({ info, request }) =>
  info.path === '/version' || info.path === '/version/' ? objectResponse(versionInfo, request) : undefined;
