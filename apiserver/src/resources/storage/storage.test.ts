import { expect } from 'chai';
import { CSIDrivers, CSINodes, StorageClasses, VolumeAttachments } from '@coracle/apimachinery/resources';
import { startTestApiServer, type TestApiServer } from '../../testing/index.ts';
import { causesOf } from '../shared/testing.ts';

describe('strategies of storage.k8s.io', () => {
  let api: TestApiServer;
  before(async () => {
    api = await startTestApiServer();
  });
  after(() => api.stop());

  it('keep all of a storage class but its expansion', async () => {
    const made = await api.client.create(StorageClasses, { metadata: { name: 'c' }, provisioner: 'a.b/c' } as object);
    expect(made).to.deep.include({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
    const key = { name: 'c' };
    const grown = await api.client.patch(StorageClasses, key, { type: 'merge', body: { allowVolumeExpansion: true } });
    expect(grown.allowVolumeExpansion).to.equal(true);
    const kept = api.client.patch(StorageClasses, key, { type: 'merge', body: { reclaimPolicy: 'Retain' } });
    expect(await causesOf(kept)).to.deep.equal(['reclaimPolicy: Invalid value: null: field is immutable']);
  });

  it('count the changes of a driver from nothing', async () => {
    const made = await api.client.create(CSIDrivers, { metadata: { name: 'a.b' }, spec: {} } as object);
    expect(made.metadata?.generation).to.equal(undefined);
    const body = { spec: { podInfoOnMount: true } };
    const changed = await api.client.patch(CSIDrivers, { name: 'a.b' }, { type: 'merge', body });
    expect(changed.metadata?.generation).to.equal(1);
  });

  it('refuse drivers that are told twice on a node', async () => {
    const driver = { name: 'x', nodeID: 'n', topologyKeys: null };
    const node = { metadata: { name: 'n' }, spec: { drivers: [driver, driver] } } as object;
    expect(await causesOf(api.client.create(CSINodes, node))).to.deep.equal([
      'spec.drivers[1].name: Duplicate value: "x"',
    ]);
  });

  it('keep what an attachment attaches', async () => {
    const spec = { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'v' } };
    await api.client.create(VolumeAttachments, { metadata: { name: 'v' }, spec } as object);
    const body = { spec: { nodeName: 'm' } };
    expect(await causesOf(api.client.patch(VolumeAttachments, { name: 'v' }, { type: 'merge', body }))).to.deep.equal([
      'spec: Invalid value: null: field is immutable',
    ]);
    const nothing = { spec: { attacher: '', nodeName: '' } };
    const causes = await causesOf(api.client.patch(VolumeAttachments, { name: 'v' }, { type: 'merge', body: nothing }));
    expect(causes[0]).to.equal('spec.attacher: Required value');
  });
});
