import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { rawRequest, startTestApiServer } from '../testing/index.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

describe('the life of a definition', () => {
  it('is over once: one that others hold is cleaned up, and then left alone', async () => {
    await using test = await startTestApiServer();
    const { server } = test;
    const held = { ...definition, metadata: { ...definition.metadata, finalizers: ['example.com/own'] } };
    expect((await rawRequest(server, { method: 'POST', path, body: held })).status).to.equal(201);
    await rawRequest(server, { method: 'DELETE', path: `${path}/widgets.example.com` });
    const read = async () => {
      const { text } = await rawRequest(server, { method: 'GET', path: `${path}/widgets.example.com` });
      return JSON.parse(text) as CustomResourceDefinition;
    };
    const cleaned = ({ metadata, status }: CustomResourceDefinition) =>
      metadata?.finalizers?.length === 1 &&
      status?.conditions?.some(({ reason }) => reason === 'InstanceDeletionCompleted');
    while (!cleaned(await read())) await turn();
    const before = (await read()).metadata?.resourceVersion;
    for (let turns = 0; turns < 50; turns++) await turn();
    const after = await read();
    expect(after.metadata?.finalizers).to.deep.equal(['example.com/own']);
    expect(after.metadata?.resourceVersion).to.equal(before);
  });

  it('ends with the time of its deletion, and in words of its own where it may not', async () => {
    await using test = await startTestApiServer();
    const held = { ...definition, metadata: { ...definition.metadata, finalizers: ['example.com/own'] } };
    await rawRequest(test.server, { method: 'POST', path, body: held });
    const remove = async (preconditions?: object) =>
      rawRequest(test.server, {
        method: 'DELETE',
        path: `${path}/widgets.example.com`,
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions },
      });
    expect((await remove({ resourceVersion: '1' })).text).to.include('precondition failed: ResourceVersion in');
    const { metadata } = JSON.parse((await remove()).text) as CustomResourceDefinition;
    expect(metadata).to.include({ generation: 1 }).and.to.have.property('deletionTimestamp');
    expect(metadata).to.not.have.property('deletionGracePeriodSeconds');
  });

  const incomplete: readonly (readonly [string, unknown])[] = [
    ['no spec', undefined],
    ['null', null],
    ['no names', { ...definition.spec, names: undefined }],
    ['empty names', { ...definition.spec, names: {} }],
    ['no versions', { ...definition.spec, versions: null }],
    ['an empty version', { ...definition.spec, versions: [{}] }],
  ];
  for (const [what, spec] of incomplete) {
    it(`does not begin with ${what}`, async () => {
      await using test = await startTestApiServer();
      const answer = await rawRequest(test.server, { method: 'POST', path, body: { ...definition, spec } });
      expect(answer.status, answer.text).to.equal(422);
    });
  }
});
