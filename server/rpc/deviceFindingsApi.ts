/** The part of the contract that tells what is wrong with devices, whether they are shown or not. */

/** What the device doctor found that somebody should know; never that all is fine. */
export interface DeviceFinding {
  /** Stable while it lasts. */
  readonly id: string;
  /** The id of the device's row. */
  readonly device: string;
  readonly rule: string;
  readonly severity: 'warning' | 'error';
  readonly text: string;
  readonly evidence: readonly string[];
}

export interface DeviceFindingRequests {
  /** Begins to send `xenscope/deviceFindings` for this host, whether its devices are shown or not. */
  'xenscope/deviceDoctor': { params: { readonly host: string }; result: null };
  'xenscope/deviceDoctorStop': { params: { readonly host: string }; result: null };
}

export interface DeviceFindingNotifications {
  /** All there are now; those that were told before and are not among them are over. */
  'xenscope/deviceFindings': { readonly host: string; readonly findings: readonly DeviceFinding[] };
}
