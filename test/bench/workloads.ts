/** What the benchmark measures: one row of the table for each phase of a workload. */

/** What a row is compared with: one daemon, the faster of both, our own other row, or a fixed bound. */
export type Target =
  | { readonly kind: 'c'; readonly ratio: number }
  | { readonly kind: 'faster'; readonly ratio: number }
  | { readonly kind: 'row'; readonly row: string; readonly ratio: number; readonly words: string }
  | { readonly kind: 'atMost'; readonly bound: number };

export interface Row {
  readonly name: string;
  /** The phase of the load generator that the row shows. */
  readonly phase: string;
  readonly unit: string;
  readonly target?: Target;
}

export interface Workload {
  readonly name: string;
  /** Arguments of the load generator, see load.c or guest.ts. */
  readonly load: Readonly<Record<string, string | number>>;
  /** The load is guest.ts: our own guests, on rings or on the socket. */
  readonly isGuest?: boolean;
  /** Server and client on one processor: without it a round trip measures two wake-ups. */
  readonly pinned?: boolean;
  readonly rows: readonly Row[];
}

/** Noise of a shared machine: a ratio this close to 1 counts as reached for "no slower than". */
const sameWithin = 0.95;

const c = (ratio: number): Target => ({ kind: 'c', ratio });
const faster = (ratio: number): Target => ({ kind: 'faster', ratio });

/** A workload of one row, named like it. */
function single(
  name: string,
  load: Workload['load'],
  target?: Target,
  options: { pinned?: boolean; unit?: string } = {},
): Workload {
  const { pinned = false, unit = 'ops/s' } = options;
  return { name, load, pinned, rows: [{ name, phase: String(load['work']), unit, target }] };
}

/** Memory is taken after the build and shown as a row of its own. */
export const MEMORY_PHASE = 'memory';
export const VALUE_BYTES = 16;

/** The same requests over a ring and over the socket; closed loops on one processor. */
function ringWorkloads(): Workload[] {
  const ways = (['ring', 'socket'] as const).flatMap((over) =>
    (['read', 'write'] as const).map((work) => ({ over, work })),
  );
  const shapes: { shape: string; numbers: Record<string, number>; pinned: boolean }[] = [
    { shape: '1 guest, one CPU', numbers: {}, pinned: true },
    { shape: '1 guest x 16', numbers: { depth: 16 }, pinned: false },
    { shape: '8 guests x 16', numbers: { conns: 8, depth: 16 }, pinned: false },
  ];
  return shapes.flatMap(({ shape, numbers, pinned }) =>
    ways.map(({ over, work }) => {
      const name = `${over}: ${work}, ${shape}`;
      return { ...single(name, { work, over, ...numbers }, undefined, { pinned }), isGuest: true };
    }),
  );
}

export function workloads({ nodes }: { nodes: number }): readonly Workload[] {
  return [
    single('read, 32 connections', { work: 'read', conns: 32 }, c(1)),
    single('write, 32 connections', { work: 'write', conns: 32 }, c(1)),
    single('read, 1 connection, one CPU', { work: 'read' }, c(1.2), { pinned: true }),
    single('write, 1 connection, one CPU', { work: 'write' }, c(1.2), { pinned: true }),
    single('read, 1 connection x 16', { work: 'read', depth: 16 }, c(2.2)),
    single('write, 1 connection x 16', { work: 'write', depth: 16 }, c(2.2)),
    single('read, 8 connections x 16', { work: 'read', conns: 8, depth: 16 }, c(8)),
    single('write, 8 connections x 16', { work: 'write', conns: 8, depth: 16 }, c(8)),
    single('transaction 5r+5w, 8 connections', { work: 'transaction', conns: 8 }, c(1.2), { unit: 'tx/s' }),
    single('the same, pipelined', { work: 'transaction', conns: 8, pipelined: 1 }, c(4), { unit: 'tx/s' }),
    single('write x 16, no watches', { work: 'write', depth: 16 }),
    single(
      'write x 16, 10 000 other watches',
      { work: 'write', depth: 16, watches: 10_000 },
      {
        kind: 'row',
        row: 'write x 16, no watches',
        ratio: sameWithin,
        words: '1 x without',
      },
    ),
    single('events, 1 000 connections watch', { work: 'events', conns: 1000, watches: 1000 }, faster(1.5), {
      unit: 'events/s',
    }),
    single(
      'events, 10 connections x 100 watches',
      { work: 'events', conns: 10, watches: 1000 },
      faster(1.5),
      {
        unit: 'events/s',
      },
    ),
    {
      name: `${nodes} nodes`,
      load: { work: 'big', nodes },
      rows: [
        { name: `${nodes} nodes: build x 16`, phase: 'build', unit: 'nodes/s', target: faster(1.5) },
        { name: `${nodes} nodes: transaction`, phase: 'transaction', unit: 'tx/s', target: faster(1.5) },
        { name: `${nodes} nodes: RM of all`, phase: 'remove', unit: 'nodes/s', target: faster(1) },
        {
          name: `${nodes} nodes: memory beyond data`,
          phase: MEMORY_PHASE,
          unit: 'bytes/node',
          target: { kind: 'atMost', bound: 250 },
        },
      ],
    },
    single('DIRECTORY of 1 000 children x 16', { work: 'directory', children: 1000, depth: 16 }),
    single('read x 16, 100 levels deep', { work: 'read', levels: 100, depth: 16 }),
    single('write x 16, 100 levels deep', { work: 'write', levels: 100, depth: 16 }),
    ...ringWorkloads(),
  ];
}
