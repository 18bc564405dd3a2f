import { credentials, makeGenericClientConstructor, Metadata, status } from '@grpc/grpc-js';
import type { Clock } from '@coracle/apimachinery/clock';
import type { ProbeResult } from './handlers.ts';

const servingStatus = 1;
const names = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const checkPath = '/grpc.health.v1.Health/Check';

/** `grpc.health.v1.Health/Check`: two messages of one field each, written out by hand. */
export function checkGrpcHealth(
  clock: Clock,
  address: string,
  service: string,
  timeoutMs: number,
): Promise<ProbeResult> {
  const Connection = makeGenericClientConstructor({}, 'health');
  const client = new Connection(address, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
  const metadata = new Metadata();
  metadata.set('user-agent', 'kube-probe/1.37');
  return new Promise((resolve) => {
    const done = (result: ProbeResult) => {
      client.close();
      resolve(result);
    };
    const options = { deadline: clock.now() + timeoutMs };
    client.makeUnaryRequest(checkPath, encodeRequest, decodeAnswer, service, metadata, options, (error, answer) => {
      if (error) return done({ result: 'failure', output: describe(error, address, timeoutMs) });
      if (answer === servingStatus) return done({ result: 'success', output: 'service healthy' });
      done({ result: 'failure', output: `service unhealthy (responded with "${names[answer ?? 0] ?? answer}")` });
    });
  });
}

function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

function decodeAnswer(message: Buffer): number {
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}

function describe({ code, details }: { code: status; details: string }, address: string, timeoutMs: number): string {
  if (code === status.UNIMPLEMENTED)
    return 'this server does not implement the grpc health protocol (grpc.health.v1.Health): ' + details;
  if (code === status.DEADLINE_EXCEEDED)
    return `timeout: health rpc did not complete within ${Math.round(timeoutMs / 1000)}s`;
  if (code === status.UNAVAILABLE)
    return `timeout: failed to connect service "${address}" within ${Math.round(timeoutMs / 1000)}s: ${details}`;
  return `health rpc probe failed: ${details}`;
}
