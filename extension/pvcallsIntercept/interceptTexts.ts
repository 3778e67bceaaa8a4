/** What the extension says of intercepting a backend of PV Calls. */
import type { InterceptBackend } from '../../server/rpc/api';
import { countOf } from '../values';

export const interceptTexts = {
  title: (backend: string) => `Intercept: ${backend}`,
  pickTitle: 'Which backend of PV Calls?',
  backend({ devices, isOn }: InterceptBackend): string {
    const served = devices === 0 ? 'no guest is connected' : `${countOf(devices, 'guest')} connected`;
    return isOn ? `${served} · intercepting is on` : served;
  },
  openOwn: 'Open Our Own Backend…',
  openOwnDetail: 'Sockets of guests are opened on this machine, as far as the setting “PV Calls: Allow” says',
  serverAway: 'The Xenscope server ended. It is started again by itself; the rules are kept.',
  hostAway: 'This host is not connected. The rules are kept.',
  closeNow: 'Close Backend',
  closedUnused: (host: string) =>
    `Our backend of PV Calls on ${host} is closed: no guest was connected to it.`,
  staysOpen: (host: string, guests: number) =>
    `Our backend of PV Calls on ${host} stays open, because ${countOf(guests, 'guest')} ${guests === 1 ? 'is' : 'are'} connected to it. All calls pass.`,
  left: (devices: readonly string[]) =>
    devices.length === 0
      ? 'The backend is closed: its devices are closed, and their guests were told.'
      : `The backend is closed. Of ${devices.join(', ')} the guest did not close its end. “Force Close Device…” in the view “Devices” closes both.`,
} as const;
