/** The two rings of a xenstore page, so that a direction is named once and swapped once. */
import { XS_REQ_OFFSET, XS_RING_PAGE, XS_RSP_OFFSET } from '../../wire/xsRing';

export interface RingHalf {
  readonly name: 'req' | 'rsp';
  /** Where its bytes begin in the page. */
  readonly arrayOffset: number;
  readonly consOffset: number;
  readonly prodOffset: number;
}

const { fields } = XS_RING_PAGE;

/** From the guest to the server. */
export const REQ_RING: RingHalf = {
  name: 'req',
  arrayOffset: XS_REQ_OFFSET,
  consOffset: fields.req_cons.offsetBytes,
  prodOffset: fields.req_prod.offsetBytes,
};

/** From the server to the guest. */
export const RSP_RING: RingHalf = {
  name: 'rsp',
  arrayOffset: XS_RSP_OFFSET,
  consOffset: fields.rsp_cons.offsetBytes,
  prodOffset: fields.rsp_prod.offsetBytes,
};

export const FEATURES_OFFSET = fields.server_features.offsetBytes;
export const CONNECTION_OFFSET = fields.connection.offsetBytes;
export const ERROR_OFFSET = fields.error.offsetBytes;
