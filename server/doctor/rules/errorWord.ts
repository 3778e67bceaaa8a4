/** The server gave the connection up, and says in its error word why. */
import { XsRingError, XsRingFeature, xsRingErrorMeaning } from '../../wire/xsRing';
import { ringRule } from '../rule';

export const errorWord = ringRule('error-word', (history) => {
  const { page, states, goneSinceMs, reconnectSinceMs, directions } = history;
  const error = states.error ?? 0;
  if (page.layout.kind !== 'xenstore' || error === 0) return undefined;
  // While a reconnect is under way what stands there is of the past.
  if (goneSinceMs !== undefined || reconnectSinceMs !== undefined) return undefined;
  // The indices are the cause, and what is said of them says this as well.
  if (error === XsRingError.RINGIDX && directions.some(({ insane }) => insane)) return undefined;
  const features = states.server_features ?? 0;
  const evidence = [`error is ${error}: ${xsRingErrorMeaning(error)}.`];
  if ((features & XsRingFeature.ERROR) === 0) {
    evidence.push(
      `server_features is 0x${features.toString(16)}, without the error word: older servers write it all the same.`,
    );
  }
  return { severity: 'error', text: `error word set: ${error}, ${xsRingErrorMeaning(error)}`, evidence };
});
