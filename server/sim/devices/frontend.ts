/** The frontend's half of the handshake, for guests of all kinds. */
import { XenbusState } from '../../wire/xenbusState';
import type { DeviceEnd, Driver, Entries } from './xenbus';

export interface FrontendDriver {
  /** Done first of all; Windows closes the device here before it connects. */
  prepare?(end: DeviceEnd, backendPath: string): Promise<void>;
  /** What the frontend publishes once the backend waits: rings, event channels, features. */
  describe(end: DeviceEnd): Promise<Entries>;
  /** Network frontends go straight to Connected; block frontends wait as Initialised for the backend. */
  readonly published: XenbusState;
}

export function frontend({ prepare, describe, published }: FrontendDriver): Driver {
  return async (end) => {
    const backendPath = await end.read('backend');
    if (backendPath === undefined) return;
    await end.pause();
    // Another kernel used it before us and never closed it.
    if (!prepare && (await end.state()) !== XenbusState.Initialising) await closeFirst(end, backendPath);
    await prepare?.(end, backendPath);
    await end.followState(backendPath, async (theirs) => {
      const ours = await end.state();
      switch (theirs) {
        case XenbusState.InitWait:
          if (ours !== XenbusState.Initialising) break;
          await end.pause();
          await end.publish(await describe(end));
          await end.switchState(published);
          break;
        case XenbusState.Connected:
          if (ours === XenbusState.Initialised) await end.switchState(XenbusState.Connected);
          break;
        case XenbusState.Closing:
        case XenbusState.Closed:
          if (ours === XenbusState.Closed) break;
          // We begin anew, and the backend has not seen it yet.
          if (theirs === XenbusState.Closed && ours === XenbusState.Initialising) break;
          await end.pause();
          await end.switchState(XenbusState.Closed);
          break;
        default:
      }
    });
  };
}

/**
 * The dance of the Windows drivers: whatever state they find, they first bring the device to Closed
 * on both ends, so that nothing is left of the firmware that used it before.
 */
export async function closeFirst(end: DeviceEnd, backendPath: string): Promise<void> {
  await end.switchState(XenbusState.Closing);
  await end.followState(backendPath, async (theirs) => {
    if (theirs === XenbusState.Closed) return 'done';
    if (theirs !== XenbusState.Closing) return;
    await end.pause();
    await end.switchState(XenbusState.Closed);
  });
  await end.pause();
  await end.switchState(XenbusState.Initialising);
}
