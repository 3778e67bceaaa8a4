/** Indices further apart than the ring is long: nothing can be read by them, and nobody should try. */
import { directionRule } from '../rule';
import { givenUpLines, grouped, hex } from '../words';

/** One sample may catch a word half written; two in a row do not. */
export const insaneSamples = 2;

export const indexInsane = directionRule('index-insane', (direction, history) => {
  const { layout, insane } = direction;
  if (!insane || insane.samples < insaneSamples || insane.hasRunOn) return undefined;
  const { prod, cons, distance, before } = insane;
  const { prodWord, consWord, sizeBytes } = layout;
  const evidence = [
    `${prodWord} is ${hex(prod)} and ${consWord} ${hex(cons)}: ${grouped(distance)} bytes apart, in a ring of ${grouped(sizeBytes)}.`,
  ];
  if (before) {
    evidence.push(`The last pair that made sense was ${hex(before.prod)} and ${hex(before.cons)}.`);
    evidence.push(...blame(insane.prod !== before.prod, insane.cons !== before.cons, layout));
  }
  evidence.push(...givenUpLines(history));
  return { severity: 'error', text: `index insane: indices ${hex(prod)} / ${hex(cons)}`, evidence };
});

function blame(
  isProdOther: boolean,
  isConsOther: boolean,
  {
    prodWord,
    consWord,
    producer,
    consumer,
  }: { prodWord: string; consWord: string; producer: string; consumer: string },
): string[] {
  if (isProdOther && !isConsOther)
    return [`${prodWord} changed and ${consWord} did not: the ${producer}'s word is wrong.`];
  if (isConsOther && !isProdOther)
    return [`${consWord} changed and ${prodWord} did not: the ${consumer}'s word is wrong.`];
  return [];
}
