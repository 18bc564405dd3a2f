import http from 'node:http';

export interface LoadResult {
  readonly requests: number;
  /** One text a request that was not answered with 200. */
  readonly failures: readonly string[];
  /** Distinct bodies seen, in order of first sight. */
  readonly bodies: readonly string[];
}

const requestTimeoutMs = 5_000;

/** One GET over a connection of its own, as load balancers spread them. */
export function httpGet(url: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, timeout: requestTimeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${requestTimeoutMs} ms`)));
    request.on('error', reject);
  });
}

/** Sends requests from `workers` loops until stopped, and keeps count of everything that was not a 200. */
export function startLoad(url: string, workers: number): { stop(): Promise<LoadResult> } {
  let stopping = false;
  let requests = 0;
  const failures: string[] = [];
  const bodies = new Set<string>();
  const worker = async (): Promise<void> => {
    while (!stopping) {
      requests += 1;
      try {
        const { status, body } = await httpGet(url);
        if (status === 200) bodies.add(body.trim());
        else failures.push(`status ${status}`);
      } catch (error) {
        failures.push((error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const running = Array.from({ length: workers }, worker);
  return {
    async stop() {
      stopping = true;
      await Promise.all(running);
      return { requests, failures, bodies: [...bodies] };
    },
  };
}
