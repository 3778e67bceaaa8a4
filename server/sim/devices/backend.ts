/** The backend's half of the handshake: what Linux' xenbus backends and QEMU do. */
import { XenbusState } from '../../wire/xenbusState';
import type { DeviceEnd, Driver, Entries } from './xenbus';

export interface BackendDriver {
  /** Published before the backend waits for its frontend. */
  readonly features: Entries;
  /** What the hotplug script and the driver add once the device is set up. */
  hotplug?(end: DeviceEnd): Promise<Entries>;
  /** Published when the frontend's rings are mapped, e.g. the size of a disk. */
  connect?(end: DeviceEnd): Promise<Entries>;
}

export function backend(driver: BackendDriver): Driver {
  return async (end) => {
    const frontendPath = await end.read('frontend');
    if (frontendPath === undefined) return;
    await end.pause();
    await end.publish(driver.features);
    await end.switchState(XenbusState.InitWait);
    if (driver.hotplug) {
      await end.pause();
      await end.publish(await driver.hotplug(end));
    }
    await end.followState(frontendPath, (theirs) => answer(end, driver, theirs));
  };
}

/** Moves the backend as far as the frontend's state asks for; `done` when the device is given up. */
async function answer(
  end: DeviceEnd,
  driver: BackendDriver,
  theirs: XenbusState,
): Promise<'done' | undefined> {
  const ours = await end.state();
  const open = ours !== XenbusState.Closing && ours !== XenbusState.Closed;
  switch (theirs) {
    case XenbusState.Initialising:
      // A frontend that had closed begins anew.
      if (ours !== XenbusState.Closed) return;
      await end.pause();
      await end.switchState(XenbusState.InitWait);
      return;
    case XenbusState.Initialised:
    case XenbusState.Connected:
      if (ours !== XenbusState.InitWait) return;
      await end.pause();
      if (driver.connect) await end.publish(await driver.connect(end));
      await end.switchState(XenbusState.Connected);
      return;
    case XenbusState.Closing:
      if (!open) return;
      await end.pause();
      await end.switchState(XenbusState.Closing);
      return;
    case XenbusState.Closed:
      // Connected and Closed are never neighbours: others rely on seeing Closing in between.
      if (open) await end.switchState(XenbusState.Closing);
      await end.pause();
      await end.switchState(XenbusState.Closed);
      return (await end.read('online')) === '1' ? undefined : 'done';
    case XenbusState.Unknown:
      await end.switchState(XenbusState.Closed);
      return 'done';
    default:
      return;
  }
}
