/** Indices further apart than the ring is long: nothing can be read by them, and nobody should try. */
import { directionRule } from '../rule';
import { consumerOf, givenUpLines, grouped, hex, producerOf } from '../words';

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
    const moved = { prod: insane.prod !== before.prod, cons: insane.cons !== before.cons };
    if (moved.prod !== moved.cons) {
      const [changed, kept] = moved.prod ? [prodWord, consWord] : [consWord, prodWord];
      const whose = moved.prod ? producerOf(direction, history) : consumerOf(direction, history);
      evidence.push(`${changed} changed and ${kept} did not: ${whose}'s word is wrong.`);
    }
  }
  evidence.push(...givenUpLines(history));
  if (history.page.layout.kind === 'vchan') {
    evidence.push(
      'libxenvchan reports this as idle, for ever: its ends neither read nor write, and say nothing.',
    );
  }
  return { severity: 'error', text: `index insane: indices ${hex(prod)} / ${hex(cons)}`, evidence };
});
