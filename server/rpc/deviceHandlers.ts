/** What the server does for the requests of devicesApi.ts. */
import type { DeviceFindingRequests } from './deviceFindingsApi';
import type { DeviceRequests } from './devicesApi';
import type { Handlers } from './handlers';
import type { HostRegistry } from './hostRegistry';

export type DeviceHandlers = Pick<Handlers, keyof DeviceRequests | keyof DeviceFindingRequests>;

export function createDeviceHandlers(hosts: HostRegistry, firstId: number): DeviceHandlers {
  let nextViewId = firstId;
  const devices = (host: string) => hosts.session(host).devices;
  return {
    'xenscope/devices': async ({ host }) => {
      devices(host).start();
      return null;
    },
    'xenscope/devicesStop': async ({ host }) => {
      // A host that was disconnected meanwhile tells of nothing any more.
      hosts.sessionIfOpen(host)?.devices.stop();
      return null;
    },
    'xenscope/deviceList': ({ host }) => devices(host).list(),
    'xenscope/device': ({ host, device }) => devices(host).detail(device),
    'xenscope/deviceDoctor': async ({ host }) => {
      devices(host).startFindings();
      return null;
    },
    'xenscope/deviceDoctorStop': async ({ host }) => {
      hosts.sessionIfOpen(host)?.devices.stopFindings();
      return null;
    },
    'xenscope/deviceView': async ({ host, device }) => {
      const viewId = nextViewId++;
      devices(host).openView(viewId, device);
      return { viewId };
    },
    'xenscope/deviceViewStop': async ({ viewId }) => {
      for (const session of hosts.sessions) if (session.devices.closeView(viewId)) break;
      return null;
    },
  };
}
