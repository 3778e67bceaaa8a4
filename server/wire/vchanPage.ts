/** The control page of a vchan: `struct vchan_interface` of xen/include/public/io/libxenvchan.h. */
import { layout } from './layout';
import { VchanLive, vchanOrdersProblem } from './vchanRings';

export const VCHAN_PAGE = layout('vchan_interface', 'xen/include/public/io/libxenvchan.h', 4096, {
  left_cons: [0, 4, 'How far the server has read what the client wrote.'],
  left_prod: [4, 4, 'How far the client has written.'],
  right_cons: [8, 4, 'How far the client has read what the server wrote.'],
  right_prod: [12, 4, 'How far the server has written.'],
  left_order: [16, 2, 'The size of the ring to the server: two to this power; 10 and 11 lie in this page.'],
  right_order: [18, 2, 'The size of the ring to the client: two to this power.'],
  cli_live: [20, 1, '0 the client has left; 1 it is there; 2 nobody has come yet.'],
  srv_live: [21, 1, '0 the server has left; 1 it is there.'],
  cli_notify: [
    22,
    1,
    'What the server asks the client to ring for: 1 when it has written, 2 when it has read.',
  ],
  srv_notify: [
    23,
    1,
    'What the client asks the server to ring for: 1 when it has written, 2 when it has read.',
  ],
});

export { VCHAN_GRANTS_OFFSET } from './vchanRings';

/** The words of a page that may be a vchan's. */
export interface VchanWords {
  readonly leftOrder: number;
  readonly rightOrder: number;
  readonly clientLive: number;
  readonly serverLive: number;
}

/** Whether these words may be those of a vchan: nothing on the page says what it is. */
export function looksLikeVchan({ leftOrder, rightOrder, clientLive, serverLive }: VchanWords): boolean {
  const problem = vchanOrdersProblem({ left: leftOrder, right: rightOrder });
  return problem === undefined && clientLive <= VchanLive.NEVER && serverLive <= VchanLive.HERE;
}
