/** The tables of what lies in shared rings against Xen's public headers, as the compiler reads both. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { FLEX_RING_INDEXES, NINEPFS_INDEXES } from '../../server/wire/flexRing';
import { GENERIC_RING, genericRingSlots } from '../../server/wire/genericRing';
import type { Layout } from '../../server/wire/layout';
import { pvcallsCommands } from '../../server/wire/pvcalls/commands';
import { PVCALLS_MAX_ORDER, pvcallsEditions, pvcallsRingBytes } from '../../server/wire/pvcalls/dataPage';
import { pvcallsErrors } from '../../server/wire/pvcalls/errno';
import { PVCALLS_SLOT_BYTES } from '../../server/wire/pvcalls/slots';
import { layoutsOf, type SlotRing } from '../../server/wire/slotRings/slotRing';
import { BLKIF_32_RING } from '../../server/wire/slotRings/blkif';
import { slotRings } from '../../server/wire/slotRings/slotRings';

interface Expected {
  readonly struct: string;
  /** Undefined where the structure ends in an array without a length. */
  readonly sizeBytes: number | undefined;
  readonly fields: readonly {
    readonly name: string;
    readonly offsetBytes: number;
    readonly widthBytes: number;
  }[];
}

/** Assertions that the compiler makes about one structure. */
function assertions({ struct, sizeBytes, fields }: Expected): string[] {
  const size =
    sizeBytes === undefined ? [] : [`_Static_assert(sizeof(${struct}) == ${sizeBytes}, "${struct}");`];
  return [
    ...size,
    ...fields.flatMap(({ name, offsetBytes, widthBytes }) => [
      `_Static_assert(offsetof(${struct}, ${name}) == ${offsetBytes}, "offset of ${name} in ${struct}");`,
      `_Static_assert(sizeof(((${struct} *)0)->${name}) == ${widthBytes}, "width of ${name} in ${struct}");`,
    ]),
  ];
}

function program(header: string, lines: readonly string[]): string {
  return [
    '#include <stddef.h>',
    '#include <stdint.h>',
    '#define xen_mk_ulong(x) x##UL',
    '#include <xen/xen.h>',
    '#include <xen/grant_table.h>',
    `#include <${header}>`,
    ...lines,
  ].join('\n');
}

function compile(source: string, more: readonly string[] = []): void {
  // The headers alone: a machine need not have the C library for 32 bits.
  const plain = ['-x', 'c', '-std=gnu17', '-ffreestanding', '-fsyntax-only'];
  execFileSync('gcc', [...plain, ...more, '-'], { input: source, stdio: ['pipe', 'pipe', 'pipe'] });
}

function headerOf({ source }: Pick<SlotRing | Layout, 'source'>): string {
  return source.replace('xen/include/public/', 'xen/');
}

/** The name of the ring in C, without what tells two forms of it apart. */
function cName({ name }: SlotRing): string {
  return name.split(',')[0]!;
}

function ofRing(ring: SlotRing): string[] {
  const layouts = [...layoutsOf(ring.requests), ...layoutsOf(ring.responses)];
  const slot = `_Static_assert(sizeof(union ${cName(ring)}_sring_entry) == ${ring.slotBytes}, "slot");`;
  return [
    slot,
    ...layouts.flatMap(({ name, sizeBytes, fields }) => assertions({ struct: name, sizeBytes, fields })),
  ];
}

const generic: readonly [Layout, string, string, number | undefined][] = [
  [GENERIC_RING, 'xen/io/pvcalls.h', 'struct xen_pvcalls_sring', undefined],
  [FLEX_RING_INDEXES, 'xen/io/pvcalls.h', 'struct pvcalls_data_intf', undefined],
  [NINEPFS_INDEXES, 'xen/io/9pfs.h', 'struct xen_9pfs_data_intf', undefined],
];

describe('the tables of shared rings', () => {
  for (const ring of slotRings) {
    it(`have ${ring.name} as its header has it`, () => {
      compile(program(headerOf(ring), ofRing(ring)), ring === BLKIF_32_RING ? ['-m32'] : []);
    });
  }

  for (const [layout, header, struct, sizeBytes] of generic) {
    it(`have ${layout.name} as ${header} has it`, () => {
      const fields = Object.values(layout.fields);
      compile(program(header, assertions({ struct, sizeBytes, fields })));
    });
  }

  it('have the commands, the grants and the sizes of PV Calls as its header has them', () => {
    const same = (c: string, ours: number) => `_Static_assert((${c}) == ${ours}, "${c}");`;
    const orders = Array.from({ length: PVCALLS_MAX_ORDER }, (_, below) => below + 1);
    const slots = genericRingSlots(4096, PVCALLS_SLOT_BYTES);
    compile(
      program('xen/io/pvcalls.h', [
        ...Object.entries(pvcallsCommands).map(([name, number]) =>
          same(`PVCALLS_${name.toUpperCase()}`, number),
        ),
        same('offsetof(struct pvcalls_data_intf, ref)', pvcallsEditions.final.refsOffset),
        ...orders.map((order) => same(`XEN_FLEX_RING_SIZE(${order})`, pvcallsRingBytes(order))),
        same('__CONST_RING_SIZE(xen_pvcalls, 4096)', slots),
      ]),
    );
  });

  it('have the error numbers of PV Calls as Linux has them', () => {
    const lines = Object.entries(pvcallsErrors)
      // Only inside the kernel, which calls it ENOTSUPP.
      .filter(([name]) => name !== 'ENOTSUP')
      .map(([name, { errno }]) => `_Static_assert(${name} == ${errno}, "${name}");`);
    compile(['#include <asm-generic/errno.h>', ...lines].join('\n'));
  });

  it('would be found wrong', () => {
    const [ring] = slotRings;
    assert.throws(() => compile(program(headerOf(ring!), ofRing({ ...ring!, slotBytes: 111 }))), /slot/);
    const fields = [{ name: 'rsp_prod', offsetBytes: 4, widthBytes: 4 }];
    const wrong = assertions({ struct: 'struct xen_pvcalls_sring', sizeBytes: undefined, fields });
    assert.throws(() => compile(program('xen/io/pvcalls.h', wrong)), /offset of rsp_prod/);
  });
});
