import { parentPort, workerData } from 'node:worker_threads';
import { parseTrustedProxies } from '../../http/client-ip';
import { packDelivery } from './packed-delivery';
import { prepareDelivery, type AuthenticDelivery } from './prepare-delivery';

/** The thread behind `createThreadPreparer`: one message in, one out. */
const trustedProxies = parseTrustedProxies(workerData as string[]);

parentPort?.on('message', (message: { readonly id: number; readonly delivery: AuthenticDelivery }) => {
  const packed = packDelivery(prepareDelivery(message.delivery, trustedProxies));
  parentPort?.postMessage({ id: message.id, packed });
});
