/**
 * The requests that nobody has finished, each with what aborts it. Not listeners of one signal, which looks at all of them
 * for each that comes or goes: of ten thousand watches every other request would pay for every one.
 */
export class UnderWay {
  readonly #requests = new Set<AbortController>();

  begin(): AbortController {
    const request = new AbortController();
    this.#requests.add(request);
    return request;
  }

  end(request: AbortController): void {
    this.#requests.delete(request);
  }

  /** Those that have begun until now. */
  abort(reason: Error): void {
    for (const request of this.#requests) request.abort(reason);
    this.#requests.clear();
  }
}
