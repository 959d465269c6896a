import { parentPort } from 'node:worker_threads';
import { packDelivery } from './packed-delivery';
import { prepareDelivery, type AuthenticDelivery } from './prepare-delivery';

/** The thread behind `createThreadPreparer`: one message in, one out. */
parentPort?.on('message', (message: { readonly id: number; readonly delivery: AuthenticDelivery }) => {
  const packed = packDelivery(prepareDelivery(message.delivery));
  parentPort?.postMessage({ id: message.id, packed });
});
