/** SCSI and USB: vscsiif.h and usbif.h of xen/include/public/io. */
import { elements, slotLayout, type SlotRing } from './slotRing';

const scsiSource = 'xen/include/public/io/vscsiif.h';
const acts = { 1: 'command', 2: 'abort', 3: 'reset', 4: 'more segments' };
const directions = { 0: 'both ways', 1: 'to the device', 2: 'from the device', 3: 'no data' };
const maxScsiSegments = 26;

export const VSCSIIF_RING: SlotRing = {
  name: 'vscsiif',
  source: scsiSource,
  slotBytes: 252,
  carries: 'a SCSI command',
  requests: {
    usual: slotLayout('struct vscsiif_request', 252, [
      ['rqid', 0, 2, 'The frontend’s own number, which comes back in the response.'],
      ['act', 2, 1, 'What is asked for.', { names: acts }],
      ['cmd_len', 3, 1, 'Bytes of the command that count.'],
      ['cmnd', 4, 16, 'The command descriptor block.', { as: 'bytes' }],
      ['channel', 22, 2, 'The channel of the device.'],
      ['id', 24, 2, 'The target of the device.'],
      ['lun', 26, 2, 'The logical unit of the device.'],
      ['ref_rqid', 28, 2, 'Which request to abort.'],
      ['sc_data_direction', 30, 1, 'Which way data goes.', { names: directions }],
      [
        'nr_segments',
        31,
        1,
        'How many segments of memory it takes or fills; 128 and n: n pages that list them.',
      ],
      ...elements('nr_segments', maxScsiSegments, (index) => [
        [`seg[${index}].gref`, 32 + 8 * index, 4, 'The grant of the page with the data.'],
        [`seg[${index}].offset`, 36 + 8 * index, 2, 'Where in that page it begins.'],
        [`seg[${index}].length`, 38 + 8 * index, 2, 'How many bytes.'],
      ]),
    ]),
  },
  responses: {
    usual: slotLayout('struct vscsiif_response', 252, [
      ['rqid', 0, 2, 'The number of the request that it answers.'],
      ['sense_len', 3, 1, 'Bytes of the sense data that count.'],
      ['sense_buffer', 4, 96, 'What the device says of an error.', { as: 'bytes' }],
      ['rslt', 100, 4, 'How it went.', { as: 'signed', names: { 0: 'done' } }],
      ['residual_len', 104, 4, 'Bytes that were not transferred.'],
    ]),
  },
};

const usbSource = 'xen/include/public/io/usbif.h';
const maxUsbSegments = 16;
const usbStatuses = {
  0: 'done',
  [-19]: 'no device',
  [-22]: 'invalid',
  [-32]: 'stalled',
  [-71]: 'I/O error',
  [-75]: 'babble',
  [-108]: 'shut down',
};

export const USBIF_URB_RING: SlotRing = {
  name: 'usbif_urb',
  source: usbSource,
  slotBytes: 148,
  carries: 'a USB transfer',
  mayWait: true,
  requests: {
    usual: slotLayout('struct usbif_urb_request', 148, [
      ['id', 0, 2, 'The frontend’s own number, which comes back in the response.'],
      ['nr_buffer_segs', 2, 2, 'How many segments of memory it takes or fills.'],
      ['pipe', 4, 4, 'Port, device, endpoint, direction and type of the transfer.'],
      ['transfer_flags', 8, 2, 'How to transfer.', { flags: { 1: 'short is an error' } }],
      ['buffer_length', 10, 2, 'How many bytes.'],
      [
        'u.ctrl',
        12,
        8,
        'Of a control transfer its setup packet; of others intervals and numbers.',
        { as: 'bytes' },
      ],
      ...elements('nr_buffer_segs', maxUsbSegments, (index) => [
        [`seg[${index}].gref`, 20 + 8 * index, 4, 'The grant of the page with the data.'],
        [`seg[${index}].offset`, 24 + 8 * index, 2, 'Where in that page it begins.'],
        [`seg[${index}].length`, 26 + 8 * index, 2, 'How many bytes.'],
      ]),
    ]),
  },
  responses: {
    usual: slotLayout('struct usbif_urb_response', 16, [
      ['id', 0, 2, 'The number of the request that it answers.'],
      ['start_frame', 2, 2, 'Of an isochronous transfer: its first frame.'],
      ['status', 4, 4, 'How it went.', { as: 'signed', names: usbStatuses }],
      ['actual_length', 8, 4, 'Bytes that were transferred.', { as: 'signed' }],
      ['error_count', 12, 4, 'Of an isochronous transfer: its errors.', { as: 'signed' }],
    ]),
  },
};

/** Requests wait until something is plugged in or out. */
export const USBIF_CONN_RING: SlotRing = {
  name: 'usbif_conn',
  source: usbSource,
  slotBytes: 4,
  carries: 'a place for news of a port',
  isPosted: true,
  mayWait: true,
  requests: {
    usual: slotLayout('struct usbif_conn_request', 2, [
      ['id', 0, 2, 'The frontend’s own number, which comes back in the response.'],
    ]),
  },
  responses: {
    usual: slotLayout('struct usbif_conn_response', 4, [
      ['id', 0, 2, 'The number of the request that it answers.'],
      ['portnum', 2, 1, 'Which port.'],
      [
        'speed',
        3,
        1,
        'What was plugged in.',
        { names: { 0: 'nothing', 1: 'low speed', 2: 'full speed', 3: 'high speed' } },
      ],
    ]),
  },
};
