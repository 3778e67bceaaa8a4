/**
 * Where things stand in xc_domaininfo_t, which is xen_domctl_getdomaininfo of
 * xen/include/public/domctl.h. A test compares it with the header, as the tables of functions.
 */
import type { ShutdownReason } from '../../server/host/worldControl';

export const domainInfo = {
  /** Longer than that of any release; only its begin is the same in all: the domid, and behind it the flags. */
  roomBytes: 4096,
  flagsOffset: 4,
  /** XEN_DOMINF_* */
  flags: { dying: 1, hvmGuest: 2, shutdown: 4, paused: 8 },
  /** XEN_DOMINF_shutdownshift */
  reasonShift: 16,
  /**
   * arch_config.emulation_flags on x86: what of a machine Xen plays for a domain with its own page tables.
   * For PVH it is a local APIC and nothing else. Only for the release that was compared with its header.
   */
  emulationFlags: { offset: 104, lapic: 1, library: /libxenctrl\.so\.4\.17(\.|$)/ },
} as const;

/** By number: SHUTDOWN_* of xen/include/public/sched.h. */
export const shutdownReasons: readonly ShutdownReason[] = [
  'poweroff',
  'reboot',
  'suspend',
  'crash',
  'watchdog',
  'softReset',
];
