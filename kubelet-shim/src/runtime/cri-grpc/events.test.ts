import { expect } from 'chai';
import { fromWireEvent } from './events.ts';

const field = (number: number, text: string) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), Buffer.from(text)]);
const event = (topic: string, ...fields: Buffer[]) =>
  fromWireEvent({ topic, event: { typeUrl: '', value: Buffer.concat(fields) } });

describe('containerd events', () => {
  it('name the container', () => {
    expect(event('/tasks/start', field(1, 'c1'))).to.deep.equal({ kind: 'started', id: 'c1' });
    expect(event('/containers/delete', field(1, 'c1'))).to.deep.equal({ kind: 'deleted', id: 'c1' });
  });

  it('of an exit are about the container itself, not about a command in it', () => {
    expect(event('/tasks/exit', field(1, 'c1'), field(2, 'c1'), Buffer.from([0x18, 42]))).to.deep.equal({
      kind: 'exited',
      id: 'c1',
    });
    expect(event('/tasks/exit', field(1, 'c1'), field(2, 'exec-1'))).to.equal(undefined);
  });
});
