/**
 * Rules of what becomes of a call, one line each, as a person says it: `connect port 443 → ECONNREFUSED`,
 * `accept after 2 s`. First which calls, then what becomes of them; the words of either may stand in any order.
 */
import type { CallDecision } from '../../host/callInterceptor';
import { parseIpv4 } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { pvcallsCommands } from '../../wire/pvcalls/commands';
import type { PvCallsCommand } from '../../wire/pvcalls/commands';
import { isPvCallsErrorName, pvcallsErrorName, pvcallsErrors } from '../../wire/pvcalls/errno';

export const maxRuleCharacters = 200;
/** Of a delay: longer than anybody sits before it. */
export const maxDelayMs = 3_600_000;
const maxErrno = 4095;

/** What a rule asks of a call; what it does not say may be anything. */
export interface CallMatch {
  readonly commands?: readonly PvCallsCommand[];
  readonly ports?: { readonly first: number; readonly last: number };
  readonly network?: { readonly bits: number; readonly length: number };
  readonly id?: bigint;
  readonly domid?: number;
}

export interface CallRule {
  readonly match: CallMatch;
  /** `hold`: for a person. */
  readonly decision: CallDecision | { readonly kind: 'hold' };
  readonly delayMs: number;
  /** So often it decides, then it is as if it were not there. */
  readonly times?: number;
}

/** What a rule can ask about. */
export interface RuledCall {
  /** Undefined for one that nobody knows. */
  readonly command: PvCallsCommand | undefined;
  readonly id: bigint;
  readonly domid: number;
  /** Where to; or what its socket is bound to. */
  readonly address: Ipv4Address | undefined;
}

export type ParsedRule =
  | { readonly kind: 'rule'; readonly rule: CallRule }
  /** One sentence each. */
  | { readonly kind: 'wrong'; readonly problem: string; readonly wayOut: string };

export function ruleMatches({ commands, ports, network, id, domid }: CallMatch, call: RuledCall): boolean {
  if (commands && (call.command === undefined || !commands.includes(call.command))) return false;
  if (id !== undefined && id !== call.id) return false;
  if (domid !== undefined && domid !== call.domid) return false;
  if (!ports && !network) return true;
  const { address } = call;
  if (!address) return false;
  if (ports && (address.port < ports.first || address.port > ports.last)) return false;
  return !network || maskOf(numberOf(address.host) ?? 0, network.length) === network.bits;
}

/** Of any text. */
export function parseRule(line: string): ParsedRule {
  if (line.trim() === '') return wrong('This rule is empty.');
  if (line.length > maxRuleCharacters) {
    return wrong(`A rule has at most ${maxRuleCharacters} characters, and this one ${line.length}.`);
  }
  return new RuleReader(line).read();
}

const example =
  'Say which call, then what becomes of it: “connect port 443 → ECONNREFUSED”, “accept after 2 s”.';

function wrong(problem: string, wayOut = example): ParsedRule {
  return { kind: 'wrong', problem, wayOut };
}

/** Says nothing, and makes a line easier to read. */
const fillers = new Set(
  'to from at of the a an is are be and with by for on any all every calls call address answer answered answers then do it'.split(
    ' ',
  ),
);
const arrows = /\s*(?:→|⇒|=+>|-+>|:(?=\s))\s*/g;
const arrow = '→';
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };
const unitNames: Readonly<Record<string, string>> = {
  ms: 'ms',
  millisecond: 'ms',
  milliseconds: 'ms',
  s: 's',
  sec: 's',
  second: 's',
  seconds: 's',
  min: 'min',
  minute: 'min',
  minutes: 'min',
};
const effects: Readonly<Record<string, CallRule['decision']>> = {
  pass: { kind: 'pass' },
  passes: { kind: 'pass' },
  never: { kind: 'never' },
  hold: { kind: 'hold' },
  held: { kind: 'hold' },
  success: { kind: 'pretend', peer: 'echo' },
  succeed: { kind: 'pretend', peer: 'echo' },
  echo: { kind: 'pretend', peer: 'echo' },
  sink: { kind: 'pretend', peer: 'sink' },
};

const condition = { ports: 'a port', network: 'an address', id: 'a socket', domid: 'a domain' } as const;

/** Thrown within the reader alone. */
class Wrong {
  constructor(
    readonly problem: string,
    readonly wayOut?: string,
  ) {}
}

class RuleReader {
  readonly #words: string[];
  #at = 0;
  #commands = new Set<PvCallsCommand>();
  #match: { -readonly [Name in keyof Omit<CallMatch, 'commands'>]: CallMatch[Name] } = {};
  #decision: CallRule['decision'] | undefined;
  #delayMs: number | undefined;
  #times: number | undefined;

  constructor(line: string) {
    this.#words = line
      .replace(/−/g, '-')
      .replace(arrows, ` ${arrow} `)
      .replace(/,|;|\.(?=\s|$)/g, ' ')
      .split(/\s+/)
      .filter((word) => word !== '');
  }

  read(): ParsedRule {
    try {
      while (this.#at < this.#words.length) this.#word();
    } catch (error) {
      if (error instanceof Wrong) return wrong(error.problem, error.wayOut);
      throw error;
    }
    const delayMs = this.#delayMs ?? 0;
    const decision = this.#decision ?? (this.#delayMs === undefined ? undefined : { kind: 'pass' as const });
    if (!decision) return wrong('It does not say what becomes of the call.');
    if (delayMs > 0 && (decision.kind === 'never' || decision.kind === 'hold')) {
      return wrong(`“${decision.kind}” is at once, and has no delay.`, 'Leave the delay or the word out.');
    }
    const commands = this.#commands.size > 0 ? { commands: [...this.#commands] } : {};
    const times = this.#times === undefined ? {} : { times: this.#times };
    return { kind: 'rule', rule: { match: { ...commands, ...this.#match }, decision, delayMs, ...times } };
  }

  #word(): void {
    const word = this.#words[this.#at++]!;
    const lower = word.toLowerCase();
    if (word === arrow) return;
    if (lower === 'port' || lower === 'ports') return this.#setOnce('ports', this.#ports());
    if (lower === 'id') return this.#setOnce('id', this.#id());
    // As calls are told: `connect socket 7`; without a number it is the command.
    if (lower === 'socket' && /^(0x|[0-9])/i.test(this.#words[this.#at] ?? '')) {
      return this.#setOnce('id', this.#id());
    }
    if (['domain', 'domid', 'guest'].includes(lower)) return this.#setOnce('domid', this.#domid());
    if (lower === 'after' || lower === 'delay') return this.#delay();
    if (lower === 'once') return void (this.#times = 1);
    if (lower === 'twice') return void (this.#times = 2);
    if (lower === 'errno') return this.#errno(this.#next('an errno: errno 111'));
    if (Object.hasOwn(effects, lower)) return this.#decide(effects[lower]!, word);
    if (Object.hasOwn(pvcallsCommands, lower)) return void this.#commands.add(lower as PvCallsCommand);
    if (fillers.has(lower)) return;
    const next = this.#words[this.#at]?.toLowerCase();
    if (/^[0-9]+$/.test(word) && (next === 'times' || next === 'time')) return this.#setTimes(word);
    if (/^[0-9]+(\.[0-9]+){3}/.test(word)) return this.#network(word);
    if (/^-?[0-9]+$/.test(word) || /^e[a-z0-9]+$/i.test(word)) return this.#errno(word);
    if (/^:[0-9]/.test(word)) return this.#setOnce('ports', portsOf(word.slice(1)));
    throw new Wrong(`“${word}” says nothing in a rule.`, wayOutOf(lower));
  }

  #setOnce<Name extends keyof typeof condition>(name: Name, value: NonNullable<CallMatch[Name]>): void {
    if (this.#match[name] !== undefined) {
      throw new Wrong(`It names ${condition[name]} twice.`, 'Write a rule for each.');
    }
    Object.assign(this.#match, { [name]: value });
  }

  #next(what: string): string {
    const word = this.#words[this.#at++];
    if (word === undefined || word === arrow) throw new Wrong(`Behind it is missing ${what}.`);
    return word;
  }

  #ports(): { first: number; last: number } {
    return portsOf(this.#next('a port: port 443'));
  }

  #id(): bigint {
    const text = this.#next('the number of a socket: id 7');
    if (!/^(0x[0-9a-f]{1,16}|[0-9]{1,20})$/i.test(text) || BigInt(text) >= 2n ** 64n) {
      throw new Wrong(`“${text}” is no number of a socket.`, 'Write it in decimal, or as 0x….');
    }
    return BigInt(text);
  }

  #domid(): number {
    const text = this.#next('the number of a domain: domain 5');
    if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 0x7fef) return Number(text);
    throw new Wrong(`“${text}” is no number of a domain.`, 'It is a whole number from 0 to 32751.');
  }

  #network(text: string): void {
    const [, host, length = '32', port] = /^([0-9.]+)(?:\/([0-9]{1,2}))?(?::([0-9-]+))?$/.exec(text) ?? [];
    const number = host === undefined ? undefined : numberOf(host);
    if (number === undefined || Number(length) > 32) {
      throw new Wrong(
        `“${text}” names no addresses.`,
        'Write an IPv4 address or network: 10.0.0.1, 10.0.0.0/8.',
      );
    }
    this.#setOnce('network', { bits: maskOf(number, Number(length)), length: Number(length) });
    if (port !== undefined) this.#setOnce('ports', portsOf(port));
  }

  #delay(): void {
    const text = this.#next('a time: after 2 s');
    const [, number, glued = ''] = /^([0-9]+(?:\.[0-9]+)?)([a-z]*)$/i.exec(text) ?? [];
    const following = glued === '' ? this.#words[this.#at]?.toLowerCase() : undefined;
    const isUnit = following !== undefined && Object.hasOwn(unitNames, following);
    if (isUnit) this.#at++;
    const unit = unitNames[isUnit ? following : glued.toLowerCase()];
    if (number === undefined || unit === undefined) {
      throw new Wrong(`“${text}” is no time.`, 'Write a number and its unit: 200 ms, 2 s, 1 min.');
    }
    const delayMs = Math.round(Number(number) * units[unit]!);
    if (delayMs > maxDelayMs) throw new Wrong('A delay is an hour at most.', 'To let it wait, say “hold”.');
    if (this.#delayMs !== undefined) throw new Wrong('It names two delays.', 'Leave one of them out.');
    this.#delayMs = delayMs;
  }

  #setTimes(text: string): void {
    const times = Number(text);
    this.#at++;
    if (times < 1 || times > 1_000_000)
      throw new Wrong(`“${text} times” cannot be.`, 'From once to 1000000 times.');
    this.#times = times;
  }

  #errno(text: string): void {
    const name = text.toUpperCase();
    const errno = isPvCallsErrorName(name) ? pvcallsErrors[name].errno : Math.abs(Number(text));
    if (!Number.isInteger(errno) || errno < 1 || errno > maxErrno) {
      throw new Wrong(
        `“${text}” is no error that has a number here.`,
        'Write a name of an errno as ECONNREFUSED, or its number as −111.',
      );
    }
    this.#decide({ kind: 'refuse', ret: -errno }, text);
  }

  #decide(decision: CallRule['decision'], word: string): void {
    const before = this.#decision;
    // `success echo`, `success sink`: the second word says which.
    const isFiner = before?.kind === 'pretend' && decision.kind === 'pretend';
    if (before && !isFiner) {
      throw new Wrong(`It says two things that become of the call, “${word}” is one of them.`, example);
    }
    this.#decision = decision;
  }
}

function wayOutOf(word: string): string | undefined {
  if (word === 'refuse' || word === 'refused') return 'Write which error is answered: ECONNREFUSED.';
  if (word === 'drop' || word === 'ignore') return 'What is not to be answered is “never”.';
  return undefined;
}

function portsOf(text: string): { first: number; last: number } {
  const [, first, last = first] = /^([0-9]{1,5})(?:[-–]([0-9]{1,5}))?$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first !== undefined && range.first <= range.last && range.last <= 0xffff) return range;
  throw new Wrong(`“${text}” is no port.`, 'Write a number to 65535, or two of them: 8000-8099.');
}

function numberOf(host: string): number | undefined {
  return parseIpv4(host)?.reduce((number, octet) => (number * 256 + octet) >>> 0, 0);
}

function maskOf(number: number, length: number): number {
  return length === 0 ? 0 : (number & ((0xffffffff << (32 - length)) >>> 0)) >>> 0;
}

/** The error as a person reads it: `−111 ECONNREFUSED (nobody listens there)`. */
export function retText(ret: number): string {
  const name = pvcallsErrorName(ret);
  const number = String(ret).replace('-', '−');
  return name === undefined ? number : `${number} ${name} (${pvcallsErrors[name].text})`;
}
