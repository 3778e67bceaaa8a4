/**
 * The backends in Linux (netback, blkback; drivers/xen/xenbus/xenbus_probe_backend.c): they wait for
 * the hotplug script before they connect, never go from Connected to Closed without Closing in
 * between, and give the device up when it is closed and offline, or when the frontend is gone.
 */
import { XenbusState } from '../../wire/xenbusState';
import type { BackendPolicy, BackendStep, BackendView } from './backendPolicy';
import { publishesRings, repair } from './common';

const { Unknown, Initialising, InitWait, Initialised, Connected, Closing, Closed } = XenbusState;

export const linuxBackend: BackendPolicy = {
  name: 'linux',
  watches: 'state',
  writesHotplugStatus: false,
  closesOnFailure: true,
  next: (view) => repair(view) ?? follow(view),
};

function follow(view: BackendView): BackendStep | undefined {
  const { own, other, online, isSetUp, hotplug } = view;
  switch (own) {
    case Initialising:
      return other === Unknown ? { kind: 'switch', to: Closing } : { kind: 'init', to: InitWait };
    case InitWait:
    case Initialised:
      if (!isSetUp) return { kind: 'init', to: InitWait };
      if (hotplug === 'due') return { kind: 'plug' };
      if (publishesRings(other) && hotplug === 'done') return { kind: 'attach', to: Connected };
      return isGoing(other) ? { kind: 'switch', to: Closing } : undefined;
    case Connected:
      // A frontend that is back at the beginning went away without a word, as a kexec does.
      return isGoing(other) || other === Initialising ? { kind: 'switch', to: Closing } : undefined;
    case Closing:
      if (other === Closed || other === Unknown) return { kind: 'switch', to: Closed };
      // One that is to be taken away waits for the frontend's answer, and the toolstack for both.
      return online && other === Initialising ? { kind: 'switch', to: Closed } : undefined;
    case Closed:
      if (!online || other === Unknown) return { kind: 'end' };
      if (other !== Initialising) return undefined;
      return isSetUp ? { kind: 'switch', to: InitWait } : { kind: 'init', to: InitWait };
    default:
      return undefined;
  }
}

const isGoing = (other: XenbusState) => other === Closing || other === Closed || other === Unknown;
