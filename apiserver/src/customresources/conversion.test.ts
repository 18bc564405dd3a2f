import { createSeededRandom } from '@coracle/client/testing';
import type { KubernetesObject } from '@coracle/apimachinery/meta';
import type { CustomResourceDefinition } from '@coracle/apimachinery/types/apiextensions-v1';
import { expect } from 'chai';
import type { WebhookClient } from '../webhooks/index.ts';
import { conversionOf } from './conversion.ts';

const group = 'example.com';
const definition = (strategy: 'None' | 'Webhook') =>
  ({
    spec: { group, names: { kind: 'Thing', plural: 'things' }, conversion: { strategy } },
  }) as unknown as CustomResourceDefinition;
const thing = (name: string): KubernetesObject & Record<string, unknown> => ({
  apiVersion: `${group}/v1`,
  kind: 'Thing',
  metadata: { name, uid: `uid-${name}`, labels: { a: 'b' } },
  hostPort: 'h:1',
});

type Review = {
  request: { uid: string; desiredAPIVersion: string; objects: (KubernetesObject & Record<string, unknown>)[] };
};

/** A webhook that splits `hostPort`, or does what a test wants instead; counts its calls. */
function webhook(convert: (object: KubernetesObject & Record<string, unknown>) => object = split) {
  const client = {
    calls: 0,
    async call({ body }: { body: string }) {
      client.calls++;
      const { request } = JSON.parse(body) as Review;
      const convertedObjects = request.objects.map((object) => ({
        ...convert(object),
        apiVersion: request.desiredAPIVersion,
      }));
      return { response: { uid: request.uid, convertedObjects, result: { status: 'Success' } } };
    },
    close() {},
  };
  return client;
}

function split({ hostPort, ...rest }: KubernetesObject & Record<string, unknown>): object {
  const [host, port] = String(hostPort).split(':');
  return { ...rest, host, port };
}

const conversion = (client: unknown, strategy: 'None' | 'Webhook' = 'Webhook') =>
  conversionOf(definition(strategy), new Map(), { webhooks: client as WebhookClient, random: createSeededRandom(1) });

async function failure(work: Promise<unknown> | undefined): Promise<string> {
  return (await work?.then(() => 'ok').catch((error: Error) => error.message)) ?? 'not asked';
}

describe('conversion of custom resources', () => {
  it('renames the version where nothing else differs', () => {
    expect(conversion(webhook(), 'None').convert(thing('a'), 'v2')).to.deep.equal({
      ...thing('a'),
      apiVersion: `${group}/v2`,
    });
  });

  it('asks the webhook once for many, and never again for the same', async () => {
    const client = webhook();
    const versions = conversion(client);
    const { prepare } = versions;
    const things = [thing('a'), thing('b')];
    await prepare?.(things, 'v2');
    await prepare?.(things, 'v2');
    expect(client.calls).to.equal(1);
    const converted = things.map((object) => versions.convert(object, 'v2'));
    expect(converted[0]).to.deep.include({ apiVersion: `${group}/v2`, host: 'h', port: '1' });
    expect(converted[0]).not.to.have.property('hostPort');
  });

  const refusals = [
    {
      it: 'another object',
      answer: { kind: 'Thing', metadata: { name: 'other', uid: 'uid-a' } },
      says: 'must not change metadata.name',
    },
    {
      it: 'another kind',
      answer: { kind: 'Other', metadata: { name: 'a', uid: 'uid-a' } },
      says: 'is no example.com/v2 Thing',
    },
  ];
  for (const { it: name, answer, says } of refusals) {
    it(`refuses ${name} in return`, async () => {
      const { prepare } = conversion(webhook(() => answer));
      expect(await failure(prepare?.([thing('a')], 'v2')))
        .to.contain('conversion webhook for example.com/v2, Kind=Thing failed')
        .and.contain(says);
    });
  }

  it('keeps what belongs to the server, takes labels', async () => {
    const meta = { name: 'a', uid: 'uid-a', generation: 9, labels: { c: 'd' } };
    const client = webhook((object) => ({ ...object, metadata: meta }));
    const versions = conversion(client);
    const { prepare } = versions;
    const object = thing('a');
    await prepare?.([object], 'v2');
    expect(versions.convert(object, 'v2').metadata).to.deep.equal({ name: 'a', uid: 'uid-a', labels: { c: 'd' } });
  });
});
