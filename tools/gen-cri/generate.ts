/**
 * Writes `kubelet-shim/src/generated/cri.json`: the CRI v1 messages and methods as a protobuf descriptor, names and numbers
 * only, read from the Go module `k8s.io/cri-api`, with containerd's event service beside it.
 *
 *     node tools/gen-cri/generate.ts [FOLDER-OF-cri-api]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const moduleVersion = 'k8s.io/cri-api@v0.37.2';
const target = new URL('../../kubelet-shim/src/generated/cri.json', import.meta.url);

/** github.com/containerd/containerd api/services/events/v1/events.proto: only what a subscriber sends and reads. */
const containerdEvents = `
syntax = "proto3";
package containerd.services.events.v1;
service Events { rpc Subscribe(SubscribeRequest) returns (stream Envelope); }
message SubscribeRequest { repeated string filters = 1; }
message Payload { string type_url = 1; bytes value = 2; }
message Envelope { string namespace = 2; string topic = 3; Payload event = 4; }
`;

function moduleFolder(): string {
  const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
  return join(cache, moduleVersion);
}

/** Options of the Go generator say nothing about the wire; fields may be named like them. */
function withoutOptions(value: unknown, areFields = false): unknown {
  if (Array.isArray(value)) return value.map((child) => withoutOptions(child));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => areFields || (key !== 'options' && key !== 'edition'));
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutOptions(child, key === 'fields')]));
}

const folder = process.argv[2] ?? moduleFolder();
const root = new protobuf.Root();
for (const text of [readFileSync(join(folder, 'pkg/apis/runtime/v1/api.proto'), 'utf8'), containerdEvents]) {
  protobuf.parse(text, root, { keepCase: false });
}
writeFileSync(target, `${JSON.stringify(withoutOptions(root.toJSON()))}\n`);
