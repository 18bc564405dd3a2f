import type { ResponseBody } from '../http/api-request.ts';

/** The same body; `done` is called once, when all of it was read, a watch ended, or `signal` says that the client went away. */
export function whenBodyEnds(body: ResponseBody, signal: AbortSignal, done: () => void): ResponseBody {
  if (body.type === 'empty' || body.type === 'bytes') {
    done();
    return body;
  }
  let over = false;
  const once = () => {
    if (over) return;
    over = true;
    signal.removeEventListener('abort', once);
    done();
  };
  if (signal.aborted) once();
  else signal.addEventListener('abort', once, { once: true });
  if (body.type === 'stream') return { ...body, chunks: then(body.chunks, once) };
  if (body.type === 'watch') body.ended.addEventListener('abort', once, { once: true });
  return body;
}

async function* then<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    done();
  }
}
