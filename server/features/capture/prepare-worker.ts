import { parentPort, workerData } from 'node:worker_threads';
import { parseTrustedProxies } from '../../http/client-ip';
import { prepareDelivery, type AuthenticDelivery } from './prepare-delivery';

/** The thread behind `createThreadPreparer`: one message in, one out. */
const trustedProxies = parseTrustedProxies(workerData as string[]);

parentPort?.on('message', (message: { readonly id: number; readonly delivery: AuthenticDelivery }) => {
  parentPort?.postMessage({ id: message.id, prepared: prepareDelivery(message.delivery, trustedProxies) });
});
