/** The words of a domain's store ring, as an observer sees them. */
import assert from 'node:assert/strict';
import { XS_RING_PAGE, XS_RING_PAGE_BYTES } from '../../server/wire/xsRing';
import type { World } from '../../server/sim/world';

const { req_prod, req_cons, rsp_prod, rsp_cons, server_features, connection, error } = XS_RING_PAGE.fields;

export class RingStateReader {
  constructor(
    private readonly world: World,
    private readonly domid: number,
  ) {}

  /** The whole page. */
  page(): Buffer {
    const observed = this.world
      .observer()
      .pages()
      .find(({ id }) => id === `xenstore:${this.domid}`);
    assert.ok(observed, `domain ${this.domid} has no xenstore page`);
    const bytes = Buffer.alloc(XS_RING_PAGE_BYTES);
    assert.ok(observed.copy(bytes));
    return bytes;
  }

  read() {
    const page = this.page();
    const word = ({ offsetBytes }: { offsetBytes: number }) => page.readUInt32LE(offsetBytes);
    return {
      reqProd: word(req_prod),
      reqCons: word(req_cons),
      rspProd: word(rsp_prod),
      rspCons: word(rsp_cons),
      features: word(server_features),
      connection: word(connection),
      error: word(error),
    };
  }
}
