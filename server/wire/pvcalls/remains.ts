/**
 * What a response leaves of a request in its slot: it is 24 bytes long, and the request 64. Where the data rings of
 * a CONNECT or ACCEPT are stands behind that, and can be read for as long as the slot is not used again.
 */
import { PVCALLS_LAYOUTS } from '../slotRings/pvcallsCommands';
import { PVCALLS_ADDRESS_BYTES, SOCKADDR_IN_BYTES } from './address';
import { PVCALLS_SLOT_BYTES, parsePvCallsRequest, type RingPlace } from './slots';
import { pvcallsCommands } from './commands';

/** The header reserves them; Linux’s frontend passes those of the open file on (O_RDWR and such), which are no more. */
const maxFlags = 0o100_000_000;
/** EVTCHN_FIFO_NR_CHANNELS of xen/include/public/event_channel.h. */
const maxEventChannel = 131_072;
const CMD = PVCALLS_LAYOUTS.response.fields.find(({ name }) => name === 'cmd')!.offsetBytes;

/**
 * The data rings that the request named which had been in this slot, if it was such a command. It may have been
 * another one: undefined for what can be no rings, and what can be has to be doubted.
 */
export function ringsLeftInSlot(slot: Uint8Array, cmd: 'connect' | 'accept'): RingPlace | undefined {
  const bytes = Buffer.alloc(PVCALLS_SLOT_BYTES);
  bytes.set(slot.subarray(0, PVCALLS_SLOT_BYTES));
  // Read as that request: only what lies behind the response is looked at.
  bytes.writeUInt32LE(pvcallsCommands[cmd], CMD);
  const request = parsePvCallsRequest(bytes);
  if (request.cmd !== 'connect' && request.cmd !== 'accept') return undefined;
  const { ref, evtchn } = request;
  if (ref === 0 || evtchn === 0 || evtchn >= maxEventChannel) return undefined;
  if (request.cmd === 'connect') {
    const { addressLengthBytes, flags } = request;
    if (flags >= maxFlags) return undefined;
    if (addressLengthBytes < SOCKADDR_IN_BYTES || addressLengthBytes > PVCALLS_ADDRESS_BYTES)
      return undefined;
  }
  return { ref, evtchn };
}
