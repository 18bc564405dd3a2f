import * as http from 'node:http';
import * as https from 'node:https';
import type { KubeletClientOptions } from '../options.ts';

type Dial = KubeletClientOptions['dial'];

/** Connects over what `dial` gives, and over the machine's network where it gives nothing. */
export class DialingHttpAgent extends http.Agent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: http.AgentOptions) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(...[options, callback]: Parameters<http.Agent['createConnection']>) {
    return this.#dial?.(options.host ?? '', Number(options.port)) ?? super.createConnection(options, callback);
  }
}

/** The same with TLS over it. */
export class DialingHttpsAgent extends https.Agent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: https.AgentOptions) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(...[options, callback]: Parameters<https.Agent['createConnection']>) {
    const socket = this.#dial?.(options.host ?? '', Number(options.port));
    return super.createConnection(socket === undefined ? options : Object.assign({}, options, { socket }), callback);
  }
}
