import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  deviceRingPath,
  deviceRingTitle,
  maxRingsOfDevice,
  type DeviceRing,
} from '../../server/wire/deviceRings/deviceRing';
import { discoverDeviceRings } from '../../server/wire/deviceRings/discover';

type Nodes = Readonly<Record<string, string | number>>;

function discover(deviceClass: string, nodes: Nodes, devid = '0'): DeviceRing[] {
  const texts = Object.entries({ 'backend-id': 0, ...nodes }).map(([name, value]) => [name, String(value)]);
  return discoverDeviceRings({ domid: 3, deviceClass, devid, nodes: new Map(texts as [string, string][]) });
}

/** `vif 0 tx netif_tx [8] port 15`. */
function told(ring: DeviceRing): string {
  const { format, grefs, port } = ring;
  const what = format.kind === 'slots' ? format.ring.name : format.kind;
  return `${deviceRingTitle(ring)}: ${what} [${grefs.join()}] ${port ?? 'no port'}`;
}

describe('rings of devices', () => {
  const cases: readonly [name: string, deviceClass: string, Nodes, readonly string[]][] = [
    [
      'a network device with one event channel',
      'vif',
      { 'tx-ring-ref': 768, 'rx-ring-ref': 769, 'event-channel': 15, 'request-rx-copy': 1 },
      ['vif 0 tx: netif_tx [768] 15', 'vif 0 rx: netif_rx [769] 15'],
    ],
    [
      'split event channels and a control ring',
      'vif',
      {
        'tx-ring-ref': 8,
        'rx-ring-ref': 9,
        'event-channel-tx': 15,
        'event-channel-rx': 16,
        'ctrl-ring-ref': 10,
        'event-channel-ctrl': 17,
      },
      ['vif 0 tx: netif_tx [8] 15', 'vif 0 rx: netif_rx [9] 16', 'vif 0 ctrl: xen_netif_ctrl [10] 17'],
    ],
    [
      'several queues, in the order of their numbers',
      'vif',
      {
        'multi-queue-num-queues': 2,
        'queue-10/tx-ring-ref': 30,
        'queue-1/tx-ring-ref': 20,
        'queue-1/rx-ring-ref': 21,
        'queue-1/event-channel-tx': 5,
        'queue-1/event-channel-rx': 6,
      },
      [
        'vif 0 queue 1 tx: netif_tx [20] 5',
        'vif 0 queue 1 rx: netif_rx [21] 6',
        'vif 0 queue 10 tx: netif_tx [30] no port',
      ],
    ],
    [
      'a disk with one page',
      'vbd',
      { 'ring-ref': 8, 'event-channel': 11, protocol: 'x86_64-abi' },
      ['vbd 0: blkif [8] 11'],
    ],
    [
      'a disk of a guest of 32 bits',
      'vbd',
      { 'ring-ref': 8, 'event-channel': 11, protocol: 'x86_32-abi' },
      ['vbd 0: blkif, 32 bits [8] 11'],
    ],
    [
      'a disk with four pages',
      'vbd',
      {
        'ring-page-order': 2,
        'ring-ref0': 8,
        'ring-ref1': 9,
        'ring-ref2': 4,
        'ring-ref3': 8,
        'event-channel': 11,
      },
      ['vbd 0: blkif [8,9,4,8] 11'],
    ],
    [
      'a disk whose frontend counts pages in the old way',
      'vbd',
      { 'num-ring-pages': 2, 'ring-ref0': 8, 'ring-ref1': 9 },
      ['vbd 0: blkif [8,9] no port'],
    ],
    [
      'a disk with queues of two pages',
      'vbd',
      {
        'ring-page-order': 1,
        'queue-0/ring-ref0': 1,
        'queue-0/ring-ref1': 2,
        'queue-0/event-channel': 7,
        'queue-1/ring-ref0': 3,
      },
      ['vbd 0 queue 0: blkif [1,2] 7'],
    ],
    ['PV Calls', 'pvcalls', { 'ring-ref': 8, port: 3, version: 1 }, ['pvcalls 0: xen_pvcalls [8] 3']],
    [
      '9pfs with two rings',
      '9pfs',
      { 'num-rings': 2, 'ring-ref0': 8, 'ring-ref1': 9, 'event-channel-0': 4, 'event-channel-1': 5 },
      ['9pfs 0 ring 0: flex [8] 4', '9pfs 0 ring 1: flex [9] 5'],
    ],
    ['a second console', 'console', { 'ring-ref': 8, port: 3 }, ['console 0: console [8] 3']],
    [
      'a display with two connectors',
      'vdispl',
      { '0/req-ring-ref': 8, '0/req-event-channel': 3, '0/evt-ring-ref': 9, '1/req-ring-ref': 10 },
      ['vdispl 0 0: xen_displif [8] 3', 'vdispl 0 1: xen_displif [10] no port'],
    ],
    [
      'a sound card with a stream',
      'vsnd',
      { '0/1/ring-ref': 8, '0/1/event-channel': 3, '0/name': 'x' },
      ['vsnd 0 0 1: xen_sndif [8] 3'],
    ],
    [
      'a class that nobody knows',
      'vgizmo',
      { 'ring-ref': 8, 'event-channel': 3 },
      ['vgizmo 0: unknown [8] 3'],
    ],
  ];

  for (const [name, deviceClass, nodes, expected] of cases) {
    it(`are found: ${name}`, () => assert.deepEqual(discover(deviceClass, nodes).map(told), expected));
  }

  it('are named in a way that a path can hold', () => {
    const rings = discover('vif', { 'tx-ring-ref': 1, 'queue-1/rx-ring-ref': 2 }, '7');
    assert.deepEqual(rings.map(deviceRingPath), ['vif/7/tx', 'vif/7/queue-1-rx']);
  });

  const nonsense: readonly [string, Nodes][] = [
    ['no backend', { 'backend-id': '', 'ring-ref': 8 }],
    ['a backend that is no domain', { 'backend-id': 0x7ff1, 'ring-ref': 8 }],
    ['a reference that is no number', { 'ring-ref': '8x' }],
    ['a reference of more than 32 bits', { 'ring-ref': '4294967296' }],
    ['a negative reference', { 'ring-ref': '-1' }],
    ['a page that is missing', { 'ring-page-order': 1, 'ring-ref0': 8 }],
    ['more pages than any ring has', { 'ring-page-order': 31, 'ring-ref': 8, 'ring-ref0': 8 }],
    ['an order that is no number', { 'ring-page-order': 'many', 'ring-ref': 8 }],
    [
      'pages that are no power of two',
      { 'num-ring-pages': 3, 'ring-ref0': 8, 'ring-ref1': 9, 'ring-ref2': 9 },
    ],
    ['nothing yet', {}],
  ];
  for (const [name, nodes] of nonsense) {
    it(`are none where there is ${name}`, () => assert.deepEqual(discover('vbd', nodes), []));
  }

  it('leaves a port out that cannot be', () => {
    assert.deepEqual(discover('vbd', { 'ring-ref': 8, 'event-channel': 0 }).map(told), [
      'vbd 0: blkif [8] no port',
    ]);
  });

  it('are bounded whatever a guest writes', () => {
    const nodes: Record<string, string> = {};
    for (let queue = 0; queue < 2_000; queue++) {
      nodes[`queue-${queue}/tx-ring-ref`] = '8';
      nodes[`queue-${queue}/rx-ring-ref`] = '9';
      nodes[`queue-${queue}/ctrl-ring-ref`] = '9';
    }
    assert.equal(discover('vif', nodes).length, maxRingsOfDevice);
    assert.equal(discover('9pfs', { 'num-rings': 0xffff_ffff }).length, 0);
  });

  it('are well-formed whatever stands in the nodes', () => {
    const names = fc.constantFrom(
      'ring-ref',
      'ring-ref0',
      'ring-ref1',
      'ring-page-order',
      'num-ring-pages',
      'num-rings',
      'tx-ring-ref',
      'rx-ring-ref',
      'queue-0/tx-ring-ref',
      'queue-0/ring-ref',
      'queue-00/ring-ref',
      '0/req-ring-ref',
      '0/0/ring-ref',
      'event-channel',
      'backend-id',
      'protocol',
      '__proto__',
    );
    const values = fc.oneof(fc.nat(70_000).map(String), fc.string(), fc.constant('4294967295'));
    const classes = fc.constantFrom(
      'vif',
      'vbd',
      'pvcalls',
      '9pfs',
      'console',
      'vdispl',
      'vsnd',
      'x',
      '__proto__',
    );
    fc.assert(
      fc.property(classes, fc.array(fc.tuple(names, values)), (deviceClass, nodes) => {
        const rings = discoverDeviceRings({ domid: 3, deviceClass, devid: '0', nodes: new Map(nodes) });
        const paths = new Set(rings.map(deviceRingPath));
        assert.equal(paths.size, rings.length, 'each has a name of its own');
        for (const { grefs, backendDomid, port } of rings) {
          assert.ok(grefs.length >= 1 && grefs.every((gref) => gref >= 0 && gref < 2 ** 32));
          assert.ok(backendDomid >= 0 && backendDomid < 0x7ff0);
          assert.ok(port === undefined || port > 0);
        }
      }),
    );
  });
});
