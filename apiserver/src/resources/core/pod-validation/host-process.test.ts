import { fieldErrorText } from '@coracle/apimachinery/errors';
import type { Container, PodSpec } from '@coracle/apimachinery/types/core-v1';
import { expect } from 'chai';
import { hostProcessErrors } from './host-process.ts';

const container = (hostProcess?: boolean): Container => ({
  name: 'c',
  ...(hostProcess !== undefined && { securityContext: { windowsOptions: { hostProcess } } }),
});
const ofPod = { windowsOptions: { hostProcess: true } };
const inNetwork =
  's.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers';

describe('processes of a Windows host', () => {
  const cases: [sentence: string, spec: PodSpec, expected: string[]][] = [
    ['are none of most pods', { containers: [container(), container(false)] }, []],
    ['share its network', { containers: [container(true)] }, [inNetwork]],
    ['may be what the pod says', { hostNetwork: true, securityContext: ofPod, containers: [container()] }, []],
    [
      'are all of a pod, which may not say otherwise',
      { hostNetwork: true, securityContext: ofPod, containers: [container(true), container(false)] },
      [
        's.containers[1].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true',
        's: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
      ],
    ],
  ];
  for (const [sentence, spec, expected] of cases) {
    it(sentence, () => expect(hostProcessErrors(spec, 's').map(fieldErrorText)).to.deep.equal(expected));
  }
});
