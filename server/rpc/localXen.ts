/** What the editor's server must know of the Xen of this machine; how it is found out is not its affair. */
import type { Host } from '../host/host';
import type { HostInfo } from './api';

/** What the list of hosts says of it. */
export type LocalXenState = Pick<HostInfo, 'socketPath' | 'unavailable' | 'rootServer'>;

export interface LocalXen {
  /** Looks without opening anything. Undefined: there is nothing to be listed. `rootServer`: as of ApiSettings. */
  look(rootServer: string | undefined): Promise<LocalXenState | undefined>;
  /** Rejects with a XenscopeError when it cannot be opened. */
  open(): Promise<Host>;
}
