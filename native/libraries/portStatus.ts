/**
 * Where things stand in xc_evtchn_status_t, which is evtchn_status of xen/include/public/event_channel.h. A
 * test compares it with the header, as the tables of functions.
 */
export const portStatus = {
  bytes: 24,
  /** Asked for: whose port, as 16 bits, and its number. */
  domidOffset: 0,
  portOffset: 4,
  /** Answered. */
  statusOffset: 8,
  /** EVTCHNSTAT_* */
  unbound: 1,
  interdomain: 2,
  /** DOMID_SELF */
  self: 0x7ff0,
} as const;
