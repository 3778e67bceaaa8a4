/** Displays, sound cards and cameras, whose rings are alike: displif.h, sndif.h and cameraif.h of xen/include/public/io. */
import { slotLayout, type SlotFieldRow, type SlotLayout, type SlotRing } from './slotRing';

type Names = Readonly<Record<number, string>>;

interface MediaRing {
  readonly name: string;
  readonly struct: string;
  readonly carries: string;
  readonly operations: Names;
  /** Fields of the requests, by operation. */
  readonly requests: Readonly<Record<number, readonly SlotFieldRow[]>>;
}

function mediaRing({ name, struct, carries, operations, requests }: MediaRing): SlotRing {
  const request = (rows: readonly SlotFieldRow[]) =>
    slotLayout(`struct ${struct}_req`, 64, [
      ['id', 0, 2, 'The frontend’s own number, which comes back in the response.'],
      ['operation', 2, 1, 'What is asked for.', { names: operations }],
      ...rows,
    ]);
  const of: Record<number, SlotLayout> = {};
  for (const [operation, rows] of Object.entries(requests)) of[Number(operation)] = request(rows);
  return {
    name: `xen_${name}`,
    source: `xen/include/public/io/${name}.h`,
    slotBytes: 64,
    carries,
    requests: { usual: request([]), choice: { offsetBytes: 2, widthBytes: 1, of } },
    responses: {
      usual: slotLayout(`struct ${struct}_resp`, 64, [
        ['id', 0, 2, 'The number of the request that it answers.'],
        ['operation', 2, 1, 'What had been asked for.', { names: operations }],
        ['status', 4, 4, 'How it went: 0 or a negative errno.', { as: 'signed', names: { 0: 'done' } }],
      ]),
    },
  };
}

const bufferCookie = (what: string): SlotFieldRow => [`op.${what}.dbuf_cookie`, 8, 8, 'Which buffer.'];
const frameCookie = (what: string, offset: number): SlotFieldRow => [
  `op.${what}.fb_cookie`,
  offset,
  8,
  'Which frame buffer.',
];

export const DISPLIF_RING = mediaRing({
  name: 'displif',
  struct: 'xendispl',
  carries: 'a request to the display',
  operations: {
    0x10: 'create buffer',
    0x11: 'destroy buffer',
    0x12: 'attach frame buffer',
    0x13: 'detach frame buffer',
    0x14: 'set configuration',
    0x15: 'flip page',
    0x16: 'get EDID',
  },
  requests: {
    0x10: [
      bufferCookie('dbuf_create'),
      ['op.dbuf_create.width', 16, 4, 'In pixels.'],
      ['op.dbuf_create.height', 20, 4, 'In pixels.'],
      ['op.dbuf_create.bpp', 24, 4, 'Bits of a pixel.'],
      ['op.dbuf_create.buffer_sz', 28, 4, 'Bytes of the buffer.'],
      ['op.dbuf_create.flags', 32, 4, 'Who allocates it.', { flags: { 1: 'the backend allocates' } }],
      ['op.dbuf_create.gref_directory', 36, 4, 'The grant of the page that lists the buffer’s grants.'],
    ],
    0x11: [bufferCookie('dbuf_destroy')],
    0x12: [
      bufferCookie('fb_attach'),
      frameCookie('fb_attach', 16),
      ['op.fb_attach.width', 24, 4, 'In pixels.'],
      ['op.fb_attach.height', 28, 4, 'In pixels.'],
      ['op.fb_attach.pixel_format', 32, 4, 'As four characters (FOURCC).'],
    ],
    0x13: [frameCookie('fb_detach', 8)],
    0x14: [
      frameCookie('set_config', 8),
      ['op.set_config.x', 16, 4, 'In pixels.'],
      ['op.set_config.y', 20, 4, 'In pixels.'],
      ['op.set_config.width', 24, 4, 'In pixels.'],
      ['op.set_config.height', 28, 4, 'In pixels.'],
      ['op.set_config.bpp', 32, 4, 'Bits of a pixel.'],
    ],
    0x15: [frameCookie('pg_flip', 8)],
    0x16: [
      ['op.get_edid.buffer_sz', 8, 4, 'Bytes of the buffer.'],
      ['op.get_edid.gref_directory', 12, 4, 'The grant of the page that lists the buffer’s grants.'],
    ],
  },
});

const transfer: readonly SlotFieldRow[] = [
  ['op.rw.offset', 8, 4, 'Where in the shared buffer, in bytes.'],
  ['op.rw.length', 12, 4, 'How many bytes.'],
];

export const SNDIF_RING = mediaRing({
  name: 'sndif',
  struct: 'xensnd',
  carries: 'a request to the sound card',
  operations: {
    0: 'open',
    1: 'close',
    2: 'read',
    3: 'write',
    4: 'set volume',
    5: 'get volume',
    6: 'mute',
    7: 'unmute',
    8: 'trigger',
    9: 'query parameters',
  },
  requests: {
    0: [
      ['op.open.pcm_rate', 8, 4, 'Samples per second.'],
      ['op.open.pcm_format', 12, 1, 'How a sample is written.'],
      ['op.open.pcm_channels', 13, 1, 'How many channels.'],
      ['op.open.buffer_sz', 16, 4, 'Bytes of the buffer.'],
      ['op.open.gref_directory', 20, 4, 'The grant of the page that lists the buffer’s grants.'],
      ['op.open.period_sz', 24, 4, 'Bytes between two events; 0 for none.'],
    ],
    2: transfer,
    3: transfer,
    4: transfer,
    5: transfer,
    6: transfer,
    7: transfer,
    8: [
      [
        'op.trigger.type',
        8,
        1,
        'What to do with the stream.',
        { names: { 0: 'start', 1: 'pause', 2: 'stop', 3: 'resume' } },
      ],
    ],
  },
});

export const CAMERAIF_RING = mediaRing({
  name: 'cameraif',
  struct: 'xencamera',
  carries: 'a request to the camera',
  operations: {
    0x00: 'set configuration',
    0x01: 'get configuration',
    0x02: 'validate configuration',
    0x03: 'set frame rate',
    0x04: 'get buffer layout',
    0x05: 'request buffers',
    0x06: 'create buffer',
    0x07: 'destroy buffer',
    0x08: 'queue buffer',
    0x09: 'dequeue buffer',
    0x0a: 'list controls',
    0x0b: 'set control',
    0x0c: 'get control',
    0x0d: 'start stream',
    0x0e: 'stop stream',
  },
  requests: {},
});
