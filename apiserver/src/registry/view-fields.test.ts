import type { ManagedFieldsEntry } from '@coracle/apimachinery/meta';
import { expect } from 'chai';
import { entriesOfObject, entriesOfView, type SharedField } from './view-fields.ts';

const shared: SharedField = {
  inObject: ['spec', 'size'],
  inView: ['spec', 'replicas'],
  viewVersion: 'autoscaling/v1',
};
const entry = (manager: string, fieldsV1: Record<string, unknown>, apiVersion = 'a/v1'): ManagedFieldsEntry => ({
  manager,
  operation: 'Update',
  apiVersion,
  fieldsType: 'FieldsV1',
  fieldsV1,
});
const size = { 'f:spec': { 'f:size': {} } };
const replicas = { 'f:spec': { 'f:replicas': {} } };

describe('managed fields of a view', () => {
  it('are those of the owners of what it shows', () => {
    const entries = [entry('a', size), entry('b', { 'f:spec': { 'f:other': {} } })];
    expect(entriesOfView(entries, shared)).to.deep.equal([entry('a', replicas, 'autoscaling/v1')]);
  });

  it('come back to the object: who lost the field keeps the rest', () => {
    const entries = [entry('a', { 'f:spec': { 'f:size': {}, 'f:other': {} } }), entry('b', size), entry('c', size)];
    const after = entriesOfObject(entries, [entry('c', replicas), entry('d', replicas)], shared, 'a/v1');
    expect(after).to.deep.equal([entry('a', { 'f:spec': { 'f:other': {} } }), entry('c', size), entry('d', size)]);
  });

  it('come back of their own: an owner who is no applier has the field apart from the rest', () => {
    const owner = { ...entry('a', { 'f:spec': { 'f:size': {}, 'f:other': {} } }), time: '2026-01-01T00:00:00Z' };
    const entries = [owner];
    const after = entriesOfObject(entries, entriesOfView(entries, shared), shared, 'a/v1');
    expect(after).to.deep.equal([entry('a', size), { ...owner, fieldsV1: { 'f:spec': { 'f:other': {} } } }]);
  });
});
