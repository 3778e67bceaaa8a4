/** The server gave the connection up, and says in its error word why. */
import { XsRingFeature, xsRingErrorMeaning } from '../../wire/xsRing';
import { ringRule } from '../rule';

export const errorWord = ringRule('error-word', ({ page, states, goneSinceMs, reconnectSinceMs }) => {
  const error = states.error ?? 0;
  if (page.layout.kind !== 'xenstore' || error === 0) return undefined;
  // While a reconnect is under way what stands there is of the past.
  if (goneSinceMs !== undefined || reconnectSinceMs !== undefined) return undefined;
  const features = states.server_features ?? 0;
  const evidence = [`error is ${error}: ${xsRingErrorMeaning(error)}.`];
  if ((features & XsRingFeature.ERROR) === 0) {
    evidence.push(
      `server_features is 0x${features.toString(16)}, without the error word: older servers write it all the same.`,
    );
  }
  return { severity: 'error', text: `error word set: ${error}, ${xsRingErrorMeaning(error)}`, evidence };
});
