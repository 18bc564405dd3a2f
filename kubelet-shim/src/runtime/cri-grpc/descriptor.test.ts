import { fromJSON, type MethodDefinition } from '@grpc/proto-loader';
import { expect } from 'chai';
import descriptor from '../../generated/cri.json' with { type: 'json' };

describe('the descriptor of CRI', () => {
  it('has the fields that are named like options of protobuf', () => {
    const definitions = fromJSON(descriptor as unknown as Parameters<typeof fromJSON>[0], { defaults: true });
    const service = definitions['runtime.v1.RuntimeService'] as unknown as Record<
      string,
      MethodDefinition<object, object>
    >;
    const { requestSerialize, requestDeserialize } = service['RunPodSandbox'] as MethodDefinition<object, object>;
    const dnsConfig = { servers: ['10.96.0.10'], searches: ['a'], options: ['ndots:5'] };
    const read = requestDeserialize(requestSerialize({ config: { dnsConfig } })) as { config: { dnsConfig: object } };
    expect(read.config.dnsConfig).to.deep.include(dnsConfig);
  });
});
