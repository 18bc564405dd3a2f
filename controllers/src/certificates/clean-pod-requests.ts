import { PodCertificateRequests } from '@coracle/apimachinery/resources';
import type { WorkQueue } from '@coracle/client/workqueue';
import { queueSelf, splitKey, type StartController } from '../runtime/index.ts';
import { ignoreNotFound, parseTime } from '../shared/index.ts';

/** Whatever became of a request, it is over by then (`pkg/controller/certificates/cleaner/pcrcleaner.go`). */
const requestAgeMaxMs = 15 * 60_000;

/** Deletes requests of pods for certificates when they are a quarter of an hour old. */
export const startPodCertificateRequestCleaner: StartController = ({ client, informers, clock, loop }) => {
  const requests = informers.for(PodCertificateRequests);
  const queue: WorkQueue = loop({ workers: 1, reconcile });
  requests.addHandler(queueSelf(queue));

  async function reconcile(key: string): Promise<void> {
    const { name, namespace } = splitKey(key);
    const request = requests.lister.get(name, namespace);
    if (!request) return;
    const wait = (parseTime(request.metadata?.creationTimestamp) ?? 0) + requestAgeMaxMs - clock.now();
    if (wait > 0) return queue.addAfter(key, wait);
    const uid = request.metadata?.uid;
    const options = uid === undefined ? {} : { preconditions: { uid } };
    await ignoreNotFound(client.delete(PodCertificateRequests, { name, namespace }, options));
  }
};
