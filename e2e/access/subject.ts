import { ApiCaller, type ReferenceKeys } from '../support/index.ts';
import { type Credential, makeCredentials } from './callers.ts';
import { makeFixture } from './fixture.ts';
import type { Row, Section } from './row.ts';

export interface Answer {
  readonly code: number;
  readonly message: string;
}

/** Credentials by name. */
export type MakeCredentials = (keys: ReferenceKeys) => Promise<ReadonlyMap<string, Credential>>;

/** A server with everything in it that the tables speak of. */
export class Subject {
  readonly #credentialOf: (who: string) => Credential;
  readonly #server: { readonly url: string; readonly pki: ReferenceKeys['pki'] };

  static async prepare(
    { url }: { readonly url: string },
    keys: ReferenceKeys,
    makeMore: MakeCredentials = async () => new Map(),
  ): Promise<Subject> {
    const server = { url, pki: keys.pki };
    using admin = new ApiCaller(server);
    await makeFixture(admin);
    const more = await makeMore(keys);
    const credentialOf = await makeCredentials(admin, keys);
    return new Subject(server, (who) => more.get(who) ?? credentialOf(who));
  }

  private constructor(
    server: { readonly url: string; readonly pki: ReferenceKeys['pki'] },
    credentialOf: (who: string) => Credential,
  ) {
    this.#server = server;
    this.#credentialOf = credentialOf;
  }

  async answers({ who, rows }: Section): Promise<Answer[]> {
    const { identity, headers } = this.#credentialOf(who);
    using caller = new ApiCaller({ ...this.#server, identity });
    const answers: Answer[] = [];
    for (const row of rows) {
      const [method = '', path = ''] = row.asks.split(' ');
      const all = { ...headers, ...row.headers };
      const body = this.#bodyOf(row);
      const { status, body: bytes } = await caller.call(path, { method, headers: all, ...body });
      answers.push({ code: status, message: status < 400 ? reviewIn(bytes) : messageIn(bytes) });
    }
    return answers;
  }

  #bodyOf({ body, reviewed }: Row): { body?: object } {
    if (reviewed === undefined) return body === undefined ? {} : { body };
    const token = this.#credentialOf(reviewed).headers['authorization']?.slice('Bearer '.length);
    return { body: { spec: { ...body, token } } };
  }
}

function messageIn(body: Buffer): string {
  const text = body.toString();
  return text.startsWith('{') ? (JSON.parse(text) as { message: string }).message : text;
}

/** What a review says, without what differs from run to run. */
function reviewIn(body: Buffer): string {
  const text = body.toString();
  if (!text.startsWith('{')) return '';
  const { kind = '', status = {} } = JSON.parse(text) as { kind?: string; status?: object };
  if (!kind.endsWith('Review')) return '';
  return JSON.stringify(sorted(status))
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}/g, '…')
    .replaceAll('.default.svc.cluster.local', '.default.svc');
}

function sorted(value: unknown): unknown {
  // Rules come in the order of upstream's maps, which is none.
  if (Array.isArray(value))
    return value.map(sorted).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted()
      .map(([key, each]) => [key, sorted(each)]),
  );
}
