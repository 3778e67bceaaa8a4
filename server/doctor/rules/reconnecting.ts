/** The guest asked for a reconnect, and the server has not done its part yet. */
import { XsRingFeature } from '../../wire/xsRing';
import { ringRule } from '../rule';
import { howLong } from '../words';

/** A server that looks at all does its part in one go. */
export const reconnectStuckMs = 3_000;

export const reconnecting = ringRule(
  'reconnecting',
  ({ reconnectSinceMs, goneSinceMs, states, inside }, nowMs) => {
    if (reconnectSinceMs === undefined || goneSinceMs !== undefined) return undefined;
    const pastMs = nowMs - reconnectSinceMs;
    const features = states.server_features ?? 0;
    const isOffered = (features & XsRingFeature.RECONNECTION) !== 0;
    const evidence = [
      `connection is ${states.connection}: the guest waits until the server sets it to 0.`,
      isOffered
        ? 'The server offers reconnection.'
        : `server_features is 0x${features.toString(16)}: the server does not offer reconnection, and may never answer.`,
    ];
    if (inside?.pendingToServer)
      evidence.push('A notification is pending: the server was rung at and has not looked.');
    return {
      severity: pastMs >= reconnectStuckMs ? 'error' : 'note',
      text: `reconnect in progress for ${howLong(pastMs)}`,
      evidence,
    };
  },
);
