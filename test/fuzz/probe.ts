/**
 * The well-behaved client among hostile ones, in a process of its own so that nobody else's work
 * stands in its way: round trips without pause, one write and one read each. Any message from the
 * parent is answered with what it saw since the last one.
 */
import { strict as assert } from 'node:assert';
import { XsType } from '../../server/wire/xsMessage';
import { RawClient } from './rawClient';

export interface ProbeReport {
  readonly roundTrips: number;
  readonly worstMs: number;
}

async function main(): Promise<void> {
  const client = await RawClient.open(process.argv[2]!);
  let roundTrips = 0;
  let worstMs = 0;
  process.on('message', () => {
    const report: ProbeReport = { roundTrips, worstMs };
    process.send!(report);
  });
  process.on('disconnect', () => process.exit(0));
  process.send!('ready');
  for (let i = 0; ; i++) {
    const value = `value ${i}`;
    const from = performance.now();
    const written = await client.request(XsType.WRITE, `/probe\0${value}`);
    const between = performance.now();
    const read = await client.request(XsType.READ, '/probe\0');
    worstMs = Math.max(worstMs, between - from, performance.now() - between);
    assert.equal(written.type, XsType.WRITE);
    assert.equal(read.payload.toString(), value);
    roundTrips += 2;
    client.replies.length = 0;
    // Round trips without pause would take a processor from those who attack.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

void main();
