/** Whether a client is at a vchan now, as its control page says to whoever only looks at it. */
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import { VCHAN_PAGE } from '../wire/vchanPage';

const { cli_live } = VCHAN_PAGE.fields;
const here = 1;

/** Undefined where the page cannot be seen: a server's that no client has mapped yet is not among them. */
export function hasClient(host: Host, server: number, gref: number): boolean | undefined {
  const pages = host.observer?.().pages() ?? [];
  const page = pages.find((one) => one.kind === 'vchan' && one.domid === server && one.gref === gref);
  const byte = Buffer.alloc(1);
  try {
    return page?.copy(byte, cli_live.offsetBytes) ? byte[0] === here : undefined;
  } catch (error) {
    if (error instanceof XenscopeError) return undefined;
    throw error;
  }
}
