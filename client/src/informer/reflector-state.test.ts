import { badRequest, expired, StatusError, serviceUnavailable, timeout } from '@coracle/apimachinery/errors';
import { expect } from 'chai';
import { type Outcome, type ReflectorState, transition } from './reflector-state.ts';

const listing: ReflectorState = { phase: 'initialize', how: 'list', from: '0' };
const streaming: ReflectorState = { phase: 'initialize', how: 'stream', from: '0' };
const watching: ReflectorState = { phase: 'watching', how: 'list', resourceVersion: '7' };

const failed = (error: unknown, idle = false): Outcome => ({ type: 'failed', error, idle });
const tooNew = new StatusError({
  ...timeout('Too large resource version', 1).status,
  details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
});

const arrows: readonly [name: string, from: ReflectorState, outcome: Outcome, to: ReflectorState, wait: boolean][] = [
  ['a list that succeeds begins to watch', listing, { type: 'synced', resourceVersion: '7' }, watching, false],
  [
    'an event moves the position',
    watching,
    { type: 'advanced', resourceVersion: '8' },
    { ...watching, resourceVersion: '8' },
    false,
  ],
  ['a watch that ends is resumed at once', watching, { type: 'ended', idle: false }, watching, false],
  ['a watch that ends at once is resumed later', watching, { type: 'ended', idle: true }, watching, true],
  ['a watch that breaks is resumed later', watching, failed(serviceUnavailable('down')), watching, true],
  ['a position that is gone means to start over', watching, failed(expired('old')), { ...listing, from: '7' }, false],
  ['gone again at once: start over later', watching, failed(expired('old'), true), { ...listing, from: '7' }, true],
  ['a list that fails is tried again later', listing, failed(serviceUnavailable('down')), listing, true],
  ['a list too old asks for the newest', listing, failed(expired('old')), { ...listing, from: '' }, false],
  ['a list too new asks for the newest', listing, failed(tooNew), { ...listing, from: '' }, false],
  [
    'the newest that is gone is tried again later',
    { ...listing, from: '' },
    failed(expired('old')),
    { ...listing, from: '' },
    true,
  ],
  ['a stream that is refused becomes a list', streaming, failed(badRequest('no')), listing, false],
  ['a stream that breaks is tried again later', streaming, failed(serviceUnavailable('down')), streaming, true],
  ['a stream that ends early is tried again later', streaming, { type: 'ended', idle: false }, streaming, true],
];

describe('reflector state', () => {
  for (const [name, from, outcome, to, wait] of arrows) {
    it(name, () => expect(transition(from, outcome)).to.deep.equal({ state: to, wait }));
  }
});
