/**
 * What is special about a kind of device, at one of its ends. The drivers of this folder do the
 * handshake and call these; everything is optional. skeleton.ts shows a whole one to copy.
 */
import type { EventPort } from '../host/events';
import type { DeviceEnd } from './deviceEnd';
import type { Entries } from './nodes';

export interface DeviceClass {
  /** Before the first step. A backend answers what it publishes before it waits for a frontend; some ask again for the next one. */
  init?(): Promise<Entries> | Entries;
  /**
   * Backends: what the hotplug script and the driver add once the device is plugged; connecting waits for
   * it. Undefined where the script does not answer: then for `hotplug-status`, whoever writes it, or for
   * the device to be closed and begun anew.
   */
  plug?(): Promise<Entries | undefined> | Entries | undefined;
  /**
   * A frontend makes its rings and answers where they are; a backend maps them, and answers what it
   * publishes before it is connected. Throws a XenscopeError when that cannot be: the device closes,
   * and the sentence is written where the field looks for it.
   */
  initialise?(): Promise<Entries> | Entries;
  /** Both ends are there: requests may flow. */
  connected?(): void;
  /** The rings are about to go. What was shared, mapped and bound through the device ends by itself. */
  disconnect?(): void;
  /** The driver lets go of the device for good. */
  free?(): void;
  /** The other side rang. */
  event?(port: EventPort): void;
}

export type MakeDevice = (device: DeviceEnd) => DeviceClass;
