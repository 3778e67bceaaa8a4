/** A writer went on although the ring was full: its index ran past what the reader left free. */
import { indexDistance } from '../../wire/ringIndex';
import { directionRule } from '../rule';
import { givenUpLines, grouped, hex, producerOf } from '../words';

/** One sample may catch a word half written; two in a row do not. */
export const overrunSamples = 2;

export const backpressureIgnored = directionRule('backpressure-ignored', (direction, history) => {
  const { layout, insane } = direction;
  if (!insane || insane.samples < overrunSamples || !insane.hasRunOn) return undefined;
  const { prodWord, consWord, sizeBytes } = layout;
  const { prod, cons, distance, before } = insane;
  const who = producerOf(direction, history);
  return {
    severity: 'error',
    text: `backpressure ignored: ${who} wrote ${grouped(distance - sizeBytes)} bytes more than there was room for`,
    evidence: [
      `${prodWord} is ${hex(prod)} and ${consWord} ${hex(cons)}: ${grouped(distance)} bytes apart, in a ring of ${grouped(sizeBytes)}.`,
      `${prodWord} ran on from ${hex(before!.prod)} by ${indexDistance(prod, before!.prod)} bytes.`,
      `The oldest ${grouped(Math.min(distance - sizeBytes, sizeBytes))} bytes that waited are overwritten.`,
      ...givenUpLines(history),
    ],
  };
});
