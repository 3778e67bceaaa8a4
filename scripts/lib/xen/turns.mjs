// Which suites each machine runs, and in which order. Those of the folder `once` do without a xenstored, or with
// any: whichever machine is free takes the next of them, so that all end at about the same time.
import { Told } from '../progress.mjs';

/** They come first, so that in the end no machine waits long for another's last one. */
const longest = ['vchanEnds', 'pvcallsGuest', 'strangers', 'driverDomain', 'pvcallsSeen', 'killed'].map(
  (name) => `once-${name}`,
);

export class Turns {
  /** The daemons, in the order in which their machines boot: the seed chooses it. */
  daemons;
  /** What runs under each daemon, in this order and before those of `once`. */
  own;
  #once;
  #named;
  #taken = new Map();

  /** `named` says who runs which suites of `once`, as `toString` tells it: the others are for whoever is free. */
  constructor(suites, daemons, { seed, named = '' }) {
    this.daemons = seed % 2 === 0 ? [...daemons] : daemons.toReversed();
    this.own = suites.filter((suite) => !suite.startsWith('once-'));
    const once = suites.filter((suite) => suite.startsWith('once-'));
    this.#named = parsed(named, daemons, once);
    const free = once.filter((suite) => ![...this.#named.values()].flat().includes(suite));
    const short = free.filter((suite) => !longest.includes(suite));
    const first = short.length > 0 ? seed % short.length : 0;
    this.#once = [
      ...longest.filter((suite) => free.includes(suite)),
      ...short.slice(first),
      ...short.slice(0, first),
    ];
  }

  /** The next one of `once` for this machine, which is free; undefined when none is left. */
  next(daemon) {
    const suite = this.#named.get(daemon)?.shift() ?? this.#once.shift();
    if (suite !== undefined) this.#taken.set(daemon, [...(this.#taken.get(daemon) ?? []), suite]);
    return suite;
  }

  /** Who has had which so far: `oxenstored=once-a,once-b xenstored=once-c`. */
  toString() {
    return [...this.#taken].map(([daemon, suites]) => `${daemon}=${suites.join(',')}`).join(' ');
  }
}

function parsed(named, daemons, once) {
  return new Map(
    named
      .split(' ')
      .filter(Boolean)
      .map((part) => {
        const [daemon, list = ''] = part.split('=');
        const suites = list.split(',').filter(Boolean);
        const unknown = daemons.includes(daemon) ? suites.find((suite) => !once.includes(suite)) : daemon;
        if (unknown === undefined) return [daemon, suites];
        throw new Told(
          `XENSCOPE_XEN_ONCE names ${unknown}. It is written like oxenstored=once-byHand,once-calls xenstored=once-pvh.`,
        );
      }),
  );
}
