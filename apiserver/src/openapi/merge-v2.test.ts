import { expect } from 'chai';
import { mergeDocumentsV2 } from './merge-v2.ts';

describe('swagger documents of aggregated servers', () => {
  const refer = (name: string) => ({ schema: { $ref: `#/definitions/${name}` } });
  const own = {
    swagger: '2.0',
    paths: { '/apis/': {}, '/apis/apps/v1/': { get: refer('Meta') } },
    definitions: {
      Meta: { properties: { name: { type: 'string' } }, 'x-kubernetes-group-version-kind': [{ kind: 'Meta' }] },
      Time: { type: 'string' },
    },
    parameters: { 'pretty-1': { name: 'pretty' } },
  };
  const remote = {
    paths: {
      '/apis/': { get: refer('Unused') },
      '/apis/x.io/v1/things': { get: refer('Thing'), parameters: [{ $ref: '#/parameters/pretty-1' }] },
      '/apis/x.io/v2/things': { get: refer('Unused') },
    },
    definitions: {
      Thing: { properties: { meta: refer('Meta'), time: refer('Time'), description: { type: 'string' } } },
      Meta: { description: 'prose', properties: { name: { type: 'string', description: 'more' } } },
      Time: { type: 'string', format: 'date-time' },
      Unused: {},
    },
    parameters: { 'pretty-1': { name: 'pretty', in: 'query' } },
  };

  it('join the own one with their paths and what these need, under another name where the own one differs', () => {
    expect(mergeDocumentsV2(own, [{ group: 'x.io', version: 'v1', document: remote }])).to.deep.equal({
      swagger: '2.0',
      paths: {
        ...own.paths,
        '/apis/x.io/v1/things': { get: refer('Thing'), parameters: [{ $ref: '#/parameters/pretty-1_v2' }] },
      },
      definitions: {
        ...own.definitions,
        Thing: { properties: { meta: refer('Meta'), time: refer('Time_v2'), description: { type: 'string' } } },
        Time_v2: { type: 'string', format: 'date-time' },
      },
      parameters: { ...own.parameters, 'pretty-1_v2': { name: 'pretty', in: 'query' } },
    });
  });

  it('cannot change a path of the own one', () => {
    const document = { paths: { '/apis/apps/v1/': { get: refer('Evil') } }, definitions: { Evil: {} } };
    expect(mergeDocumentsV2(own, [{ group: 'apps', version: 'v1', document }])).to.deep.equal(own);
  });

  it('leave it as it is where there are none', () => {
    expect(mergeDocumentsV2(own, [])).to.equal(own);
  });
});
