/** Which places are looked at when domains offer more than can be: no domain takes the room of another's first ones. */
interface OfDomain {
  readonly domid: number;
}

/** So many domains are named in a line of the log; guests decide how many there are. */
const maxNamed = 8;

/** The first of each domain, then the second of each, and so on, at most `most`; both parts in the order of `all`. */
export function fairShare<T extends OfDomain>(
  all: readonly T[],
  most: number,
): { readonly taken: readonly T[]; readonly leftOut: readonly T[] } {
  if (all.length <= most) return { taken: all, leftOut: [] };
  const turns = new Map<number, number>();
  const inTurn = all.map((one) => {
    const turn = turns.get(one.domid) ?? 0;
    turns.set(one.domid, turn + 1);
    return { one, turn };
  });
  inTurn.sort((left, right) => left.turn - right.turn);
  const chosen = new Set(inTurn.slice(0, most).map(({ one }) => one));
  return { taken: all.filter((one) => chosen.has(one)), leftOut: all.filter((one) => !chosen.has(one)) };
}

/** `Left out: 94 of domain 1, 2 of domain 7.` Those that lose the most come first. */
export function leftOutText(leftOut: readonly OfDomain[]): string {
  const counts = new Map<number, number>();
  for (const { domid } of leftOut) counts.set(domid, (counts.get(domid) ?? 0) + 1);
  const most = [...counts].sort(([, left], [, right]) => right - left);
  const named = most.slice(0, maxNamed).map(([domid, count]) => `${count} of domain ${domid}`);
  const others = most.length - named.length;
  return `Left out: ${named.join(', ')}${others > 0 ? `, and some of ${others} others` : ''}.`;
}
