import type { PodSecurityContext, SecurityContext } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { podOf } from '../testing/index.ts';
import { containerSecurity, type ImageUser, namespaceOptions } from './security-context.ts';

const root: ImageUser = { username: '' };
const named: ImageUser = { username: 'app' };
const numbered: ImageUser = { uid: 1001, username: '' };

function security(pod: PodSecurityContext, own: SecurityContext, image = root) {
  return containerSecurity(podOf({ securityContext: pod }), { name: 'c', securityContext: own }, image, {
    seccompDefault: false,
  });
}

describe('containerSecurity', () => {
  for (const [name, pod, own, image, user] of [
    ["the container's user wins", { runAsUser: 1 }, { runAsUser: 2 }, numbered, { runAsUser: { value: 2 } }],
    ["then the pod's", { runAsUser: 1 }, {}, numbered, { runAsUser: { value: 1 } }],
    ["then the image's number", {}, {}, numbered, { runAsUser: { value: 1001 } }],
    ['or its name', {}, {}, named, { runAsUsername: 'app' }],
  ] as const) {
    it(name, () => expect(security(pod, own, image)).to.deep.include(user));
  }

  for (const [name, pod, own, image, message] of [
    ['user 0', { runAsNonRoot: true }, { runAsUser: 0 }, root, "container's runAsUser breaks non-root policy"],
    ['an image of root', {}, { runAsNonRoot: true }, root, 'container has runAsNonRoot and image will run as root'],
    [
      'an image of a name',
      {},
      { runAsNonRoot: true },
      named,
      'image has non-numeric user (app), cannot verify user is non-root',
    ],
  ] as const) {
    it(`refuses ${name} where root is forbidden`, () => expect(() => security(pod, own, image)).to.throw(message));
  }

  it('lets the container loosen what the pod demands', () => {
    expect(() => security({ runAsNonRoot: true }, { runAsNonRoot: false }, root)).to.not.throw();
  });

  it('hides parts of the kernel unless asked not to', () => {
    expect(security({}, {}).maskedPaths).to.include('/proc/kcore');
    expect(security({}, { procMount: 'Unmasked' }).maskedPaths).to.deep.equal([]);
    expect(security({}, { privileged: true })).to.deep.include({
      maskedPaths: [],
      readonlyPaths: [],
      seccomp: { profileType: 'Unconfined' },
    });
  });

  it('carries groups, capabilities, and what a process may gain', () => {
    const made = security(
      { supplementalGroups: [5], fsGroup: 7 },
      {
        allowPrivilegeEscalation: false,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      },
    );
    expect(made).to.deep.include({
      supplementalGroups: [5, 7],
      noNewPrivs: true,
      readonlyRootfs: true,
      capabilities: { addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'] },
    });
  });

  for (const [type, profileType] of [
    ['RuntimeDefault', 'RuntimeDefault'],
    ['Unconfined', 'Unconfined'],
  ] as const) {
    it(`seccomp ${type}`, () =>
      expect(security({ seccompProfile: { type } }, {}).seccomp).to.deep.equal({ profileType }));
  }
});

describe('namespaceOptions', () => {
  for (const [spec, options] of [
    [{}, { network: 'POD', pid: 'CONTAINER', ipc: 'POD' }],
    [{ shareProcessNamespace: true }, { network: 'POD', pid: 'POD', ipc: 'POD' }],
    [
      { hostNetwork: true, hostPID: true, hostIPC: true },
      { network: 'NODE', pid: 'NODE', ipc: 'NODE' },
    ],
  ] as const) {
    it(JSON.stringify(spec), () => expect(namespaceOptions(podOf(spec))).to.deep.equal(options));
  }
});
