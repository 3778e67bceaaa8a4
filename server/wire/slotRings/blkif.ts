/**
 * Block devices: xen/include/public/io/blkif.h. Guests of 32 bits place 64-bit fields at multiples of
 * 4, so there are two forms; the frontend says in its node `protocol` which one it speaks.
 */
import { elements, slotLayout, type SlotFieldRow, type SlotLayout, type SlotRing } from './slotRing';

const maxSegments = 11;
const maxIndirectPages = 8;

const operations = {
  0: 'read',
  1: 'write',
  2: 'write barrier',
  3: 'flush',
  4: 'reserved',
  5: 'discard',
  6: 'indirect',
};

const operation: SlotFieldRow = ['operation', 0, 1, 'What is asked for.', { names: operations }];

interface Offsets {
  readonly id: number;
  readonly sector: number;
  readonly after: number;
}

const idRow = ({ id }: Offsets): SlotFieldRow => [
  'id',
  id,
  8,
  'The frontend’s own number, which comes back in the response.',
];
const sectorRow = ({ sector }: Offsets): SlotFieldRow => [
  'sector_number',
  sector,
  8,
  'The first sector on the disk, in units of 512 bytes.',
];
const handleRow = (offset: number): SlotFieldRow => ['handle', offset, 2, 'The number of the disk.'];

function readOrWrite(at: Offsets, sizeBytes: number): SlotLayout {
  return slotLayout('struct blkif_request', sizeBytes, [
    operation,
    ['nr_segments', 1, 1, 'How many segments of memory it takes or fills.'],
    handleRow(2),
    idRow(at),
    sectorRow(at),
    ...elements('nr_segments', maxSegments, (index) => {
      const start = at.after + 8 * index;
      return [
        [`seg[${index}].gref`, start, 4, 'The grant of the page with the data.'],
        [`seg[${index}].first_sect`, start + 4, 1, 'The first sector in that page.'],
        [`seg[${index}].last_sect`, start + 5, 1, 'The last sector in that page, itself included.'],
      ];
    }),
  ]);
}

function discard(at: Offsets): SlotLayout {
  return slotLayout('struct blkif_request_discard', at.after + 8, [
    operation,
    ['flag', 1, 1, 'How to discard.', { flags: { 1: 'secure' } }],
    handleRow(2),
    idRow(at),
    sectorRow(at),
    ['nr_sectors', at.after, 8, 'How many sectors are no longer needed.'],
  ]);
}

function indirect(at: Offsets, handle: number, grefs: number, sizeBytes: number): SlotLayout {
  return slotLayout('struct blkif_request_indirect', sizeBytes, [
    operation,
    ['indirect_op', 1, 1, 'What is asked for by way of the listed pages.', { names: operations }],
    ['nr_segments', 2, 2, 'How many segments the listed pages name.'],
    idRow(at),
    sectorRow(at),
    handleRow(handle),
    ...Array.from({ length: maxIndirectPages }, (_, index): SlotFieldRow => [
      `indirect_grefs[${index}]`,
      grefs + 4 * index,
      4,
      'The grant of a page that lists segments.',
    ]),
  ]);
}

const statuses = { 0: 'done', [-1]: 'failed', [-2]: 'not supported' };

function response(operationOffset: number, sizeBytes: number): SlotLayout {
  return slotLayout('struct blkif_response', sizeBytes, [
    ['id', 0, 8, 'The number of the request that it answers.'],
    ['operation', operationOffset, 1, 'What had been asked for.', { names: operations }],
    ['status', operationOffset + 2, 2, 'How it went.', { as: 'signed', names: statuses }],
  ]);
}

function blockRing(name: string, slotBytes: number, request: SlotLayout, others: SlotLayout[]): SlotRing {
  return {
    name,
    source: 'xen/include/public/io/blkif.h',
    slotBytes,
    carries: 'a request to the disk',
    requests: {
      usual: request,
      choice: { offsetBytes: 0, widthBytes: 1, of: { 5: others[0]!, 6: others[1]! } },
    },
    responses: { usual: others[2]! },
  };
}

const wide: Offsets = { id: 8, sector: 16, after: 24 };
const narrow: Offsets = { id: 4, sector: 12, after: 20 };

/** `x86_64-abi` and `arm-abi`. */
export const BLKIF_RING = blockRing('blkif', 112, readOrWrite(wide, 112), [
  discard(wide),
  indirect(wide, 24, 28, 64),
  response(8, 16),
]);

/** `x86_32-abi`. */
export const BLKIF_32_RING = blockRing('blkif, 32 bits', 108, readOrWrite(narrow, 108), [
  discard(narrow),
  indirect(narrow, 20, 24, 64),
  response(8, 12),
]);
