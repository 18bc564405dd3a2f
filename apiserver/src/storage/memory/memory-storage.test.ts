import { createVirtualClock } from '@coracle/client/testing';
import { storageSuite } from '../testing/index.ts';
import { createMemoryStorage } from './index.ts';

storageSuite('memory', async () => {
  const clock = createVirtualClock();
  const storage = createMemoryStorage({ clock });
  return {
    storage,
    passTime: (seconds) => clock.advance(seconds * 1000),
    stop: () => storage.close(),
  };
});
