/**
 * Case 53: what a transaction does, what another connection does meanwhile, and how the commit
 * ends. C xenstored notes the generation of every node that a transaction touches.
 */
import assert from 'node:assert/strict';
import type { RawConnection } from '../../../support/rawConnection';
import type { ConformanceCase } from '../conformance';

type Request = readonly ['READ' | 'WRITE' | 'DIRECTORY' | 'RM' | 'GET_PERMS' | 'SET_PERMS' | 'MKDIR', string];

interface Row {
  readonly does: string;
  readonly inside: readonly Request[];
  readonly outside: readonly Request[];
  readonly ends: 'OK' | 'ERROR EAGAIN';
}

/** Exists before: /a and /b with value `old`, /k/a, /u. */
const rows: readonly Row[] = [
  {
    does: 'READ a, WRITE b, against a new value of a',
    inside: [
      ['READ', '/a|'],
      ['WRITE', '/b|tx'],
    ],
    outside: [['WRITE', '/a|new']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'READ a alone, against WRITE a',
    inside: [['READ', '/a|']],
    outside: [['WRITE', '/a|new']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'READ a, WRITE b, against the same value of a',
    inside: [
      ['READ', '/a|'],
      ['WRITE', '/b|tx'],
    ],
    outside: [['WRITE', '/a|old']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'READ a, WRITE b, against a changed and changed back',
    inside: [
      ['READ', '/a|'],
      ['WRITE', '/b|tx'],
    ],
    outside: [
      ['WRITE', '/a|new'],
      ['WRITE', '/a|old'],
    ],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'WRITE a, against WRITE a',
    inside: [['WRITE', '/a|tx']],
    outside: [['WRITE', '/a|new']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'WRITE a, against WRITE b',
    inside: [['WRITE', '/a|tx']],
    outside: [['WRITE', '/b|new']],
    ends: 'OK',
  },
  {
    does: 'a new child of k, against another new child of k',
    inside: [['WRITE', '/k/n1|tx']],
    outside: [['WRITE', '/k/n2|new']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'DIRECTORY k and a write elsewhere, against a new child of k',
    inside: [
      ['DIRECTORY', '/k|'],
      ['WRITE', '/u|tx'],
    ],
    outside: [['WRITE', '/k/n3|new']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'DIRECTORY k and a write elsewhere, against the value of a child of k',
    inside: [
      ['DIRECTORY', '/k|'],
      ['WRITE', '/u|tx'],
    ],
    outside: [['WRITE', '/k/a|new']],
    ends: 'OK',
  },
  {
    does: 'READ of a missing node and a write elsewhere, against its creation',
    inside: [
      ['READ', '/k/missing|'],
      ['WRITE', '/u|tx'],
    ],
    outside: [['WRITE', '/k/missing|new']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'RM a, against WRITE a',
    inside: [['RM', '/a|']],
    outside: [['WRITE', '/a|new']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'WRITE a, against RM a',
    inside: [['WRITE', '/a|tx']],
    outside: [['RM', '/a|']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'GET_PERMS a and a write elsewhere, against SET_PERMS a',
    inside: [
      ['GET_PERMS', '/a|'],
      ['WRITE', '/u|tx'],
    ],
    outside: [['SET_PERMS', '/a|r0|']],
    ends: 'ERROR EAGAIN',
  },
  {
    does: 'nothing, against anything',
    inside: [],
    outside: [
      ['WRITE', '/a|new'],
      ['RM', '/b|'],
      ['WRITE', '/k/n|new'],
    ],
    ends: 'OK',
  },
];

export const conflictCases: ConformanceCase[] = rows.map(({ does, inside, outside, ends }) => ({
  id: 53,
  behaviour: `${does}: the commit ends with ${ends.replace('ERROR ', '')}`,
  async run(target) {
    const dom0 = await target.dom0();
    const other = await target.dom0();
    for (const payload of ['/a|old', '/b|old', '/k/a|old', '/u|old']) await dom0.ok('WRITE', payload);
    const txId = await dom0.begin();
    for (const [type, payload] of inside) await dom0.ask(type, payload, txId);
    for (const [type, payload] of outside) await other.ok(type, payload);
    const before = await snapshot(other);
    assert.equal(await dom0.commit(txId), ends);
    const changed = ends === 'OK' && inside.some(([type]) => type === 'WRITE');
    const after = await snapshot(other);
    if (changed) assert.notDeepEqual(after, before, 'a commit takes effect');
    else assert.deepEqual(after, before, 'a lost transaction leaves no trace');
  },
}));

async function snapshot(connection: RawConnection): Promise<string[]> {
  const reads = ['/a', '/b', '/u', '/k/a', '/k/n1', '/k/missing'].map((path) => ['READ', path] as const);
  const answers: string[] = [];
  for (const [type, path] of [...reads, ['DIRECTORY', '/k'], ['GET_PERMS', '/a']] as const) {
    answers.push(`${path} ${await connection.ask(type, `${path}|`)}`);
  }
  return answers;
}
