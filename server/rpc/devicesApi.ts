/** The part of the contract that is about devices: both ends of each, and how they stand. Joined to the rest in api.ts. */
import type { DeviceDetail, DeviceRow } from '../model/devices/deviceTypes';

export type { DeviceAct, NodeChange } from '../act/devices/deviceAct';
export type {
  DanceStep,
  DeviceDetail,
  DeviceDiagnosis,
  DeviceRow,
  DeviceSeverity,
  DeviceSide,
  DeviceSideName,
  DeviceTurn,
  PublishedNode,
} from '../model/devices/deviceTypes';

type OnHost<T = unknown> = { readonly host: string } & T;

export interface DeviceRequests {
  /** Begins to send `xenscope/devicesFrame` for this host, all devices first. */
  'xenscope/devices': { params: OnHost; result: null };
  'xenscope/devicesStop': { params: OnHost; result: null };
  /** All devices as they are now. */
  'xenscope/deviceList': { params: OnHost; result: readonly DeviceRow[] };
  /** Everything about one device. */
  'xenscope/device': { params: OnHost<{ device: string }>; result: DeviceDetail };
  /** Begins to send `xenscope/deviceFrame` for one device, also before it is there, or when it is there again. */
  'xenscope/deviceView': { params: OnHost<{ device: string }>; result: { readonly viewId: number } };
  'xenscope/deviceViewStop': { params: { viewId: number }; result: null };
}

/** One device at a moment of the host's time, from which its ages are counted. */
export interface DeviceFrame extends DeviceDetail {
  readonly nowMs: number;
}

export interface DeviceNotifications {
  'xenscope/devicesFrame': {
    readonly host: string;
    /** Forget what was known before: these are all devices. */
    readonly whole: boolean;
    /** New ones and those that changed. */
    readonly devices: readonly DeviceRow[];
    readonly gone: readonly string[];
    /** Ends of devices beyond the limit, which are not followed. */
    readonly leftOut: number;
  };
  'xenscope/deviceFrame': {
    readonly viewId: number;
    /** Absent: there is no such device now. */
    readonly frame?: DeviceFrame;
  };
}
