/** How an event channel of this domain stands, as the hypervisor tells it. */
import { isPort } from './argument';
import type { Pointer } from './koffi';
import { portStatus } from './libraries/portStatus';
import type { XenControl } from './xenControl';

/**
 * `alone`: it is open for somebody, and nobody is at its other end. Undefined where that cannot be known: no such port,
 * no library, or a kernel that lets its programs ask the hypervisor nothing, as Linux does in a guest. Never throws.
 */
export function portState(control: XenControl, port: number): 'alone' | 'other' | undefined {
  const open = isPort(port) ? control.get() : undefined;
  if (!open) return undefined;
  const status = Buffer.alloc(portStatus.bytes);
  status.writeUInt16LE(portStatus.self, portStatus.domidOffset);
  status.writeUInt32LE(port, portStatus.portOffset);
  if (open.calls.xc_evtchn_status(open.handle, status as unknown as Pointer) !== 0) return undefined;
  return status.readUInt32LE(portStatus.statusOffset) === portStatus.unbound ? 'alone' : 'other';
}
