/**
 * Network devices: xen/include/public/io/netif.h. Some slots of the data rings are no requests: after a
 * packet with the flag `extra info` comes a slot that describes it. Nothing in such a slot says so, and
 * it is read like the others.
 */
import { slotLayout, type SlotRing } from './slotRing';

const source = 'xen/include/public/io/netif.h';

const txFlags = { 1: 'checksum blank', 2: 'data validated', 4: 'more data', 8: 'extra info' };
const rxFlags = {
  1: 'data validated',
  2: 'checksum blank',
  4: 'more data',
  8: 'extra info',
  16: 'GSO prefix',
};
const txStatuses = { 0: 'sent', 1: 'no response: it was extra info', [-1]: 'failed', [-2]: 'dropped' };

/** From the guest to the network. */
export const NETIF_TX_RING: SlotRing = {
  name: 'netif_tx',
  source,
  slotBytes: 12,
  carries: 'a piece of a packet to send',
  requests: {
    usual: slotLayout('struct netif_tx_request', 12, [
      ['gref', 0, 4, 'The grant of the page with the data.'],
      ['offset', 4, 2, 'Where in that page it begins.'],
      ['flags', 6, 2, 'What is to be known of it.', { flags: txFlags }],
      ['id', 8, 2, 'The frontend’s own number, which comes back in the response.'],
      ['size', 10, 2, 'Bytes: of the whole packet in its first request, of the piece in the others.'],
    ]),
  },
  responses: {
    usual: slotLayout('struct netif_tx_response', 4, [
      ['id', 0, 2, 'The number of the request that it answers.'],
      ['status', 2, 2, 'How it went.', { as: 'signed', names: txStatuses }],
    ]),
  },
};

/** From the network to the guest: requests are empty buffers, responses say what was put into them. */
export const NETIF_RX_RING: SlotRing = {
  name: 'netif_rx',
  source,
  slotBytes: 8,
  carries: 'an empty buffer for what comes in',
  isPosted: true,
  mayWait: true,
  requests: {
    usual: slotLayout('struct netif_rx_request', 8, [
      ['id', 0, 2, 'The frontend’s own number, which comes back in the response.'],
      ['gref', 4, 4, 'The grant of the page to fill.'],
    ]),
  },
  responses: {
    usual: slotLayout('struct netif_rx_response', 8, [
      ['id', 0, 2, 'The number of the buffer that was filled.'],
      ['offset', 2, 2, 'Where in its page the data begins.'],
      ['flags', 4, 2, 'What is to be known of it.', { flags: rxFlags }],
      ['status', 6, 2, 'Bytes that were put into it, or what went wrong.', { as: 'signed' }],
    ]),
  },
};

const controlTypes = {
  1: 'get hash flags',
  2: 'set hash flags',
  3: 'set hash key',
  4: 'get hash mapping size',
  5: 'set hash mapping size',
  6: 'set hash mapping',
  7: 'set hash algorithm',
  8: 'get grant mapping size',
  9: 'add grant mapping',
  10: 'delete grant mapping',
};

export const NETIF_CTRL_RING: SlotRing = {
  name: 'xen_netif_ctrl',
  source,
  slotBytes: 16,
  carries: 'a setting to make or ask for',
  requests: {
    usual: slotLayout('struct xen_netif_ctrl_request', 16, [
      ['id', 0, 2, 'The frontend’s own number, which comes back in the response.'],
      ['type', 2, 2, 'What is asked for.', { names: controlTypes }],
      ['data[0]', 4, 4, 'What it means depends on the type.'],
      ['data[1]', 8, 4, 'What it means depends on the type.'],
      ['data[2]', 12, 4, 'What it means depends on the type.'],
    ]),
  },
  responses: {
    usual: slotLayout('struct xen_netif_ctrl_response', 12, [
      ['id', 0, 2, 'The number of the request that it answers.'],
      ['type', 2, 2, 'What had been asked for.', { names: controlTypes }],
      [
        'status',
        4,
        4,
        'How it went.',
        { names: { 0: 'done', 1: 'not supported', 2: 'invalid parameter', 3: 'too long' } },
      ],
      ['data', 8, 4, 'What it means depends on the type.'],
    ]),
  },
};
