/**
 * Stands before the backends of one domain: decides by rules, or keeps a call until a person has decided.
 * Turned off it lets everything pass in the same turn, and the backend is as it would be without it.
 */
import type {
  CallDecision,
  CallInterceptor,
  HeldState,
  InterceptEvent,
  InterceptSettings,
  InterceptState,
} from '../../host/callInterceptor';
import { XenscopeError } from '../../host/errors';
import type { Clock } from '../../host/clock';
import type { CallGate, GatedCall } from '../backend/gate';
import { Held, carryOut, maxHeldCalls, releasedMeanwhile } from './heldCalls';
import { InterceptEvents } from './interceptEvents';
import { InterceptedDevice } from './interceptedDevice';
import type { DeviceParts } from './interceptedDevice';
import { RuleList } from './ruleList';
import { maxDelayMs, retText } from './rules';
import { callText, decisionText, delayText } from './words';

const maxErrno = 4095;
const pass = { kind: 'pass' } as const;
const hold = { kind: 'hold' } as const;

export interface InterceptOptions {
  /** Whose backends they are. */
  readonly domid: number;
  readonly clock: Clock;
  /** Writes down what a person has it do. */
  readonly admit?: (text: string) => void;
}

export class Intercept implements CallInterceptor {
  readonly #options: InterceptOptions;
  readonly #devices = new Set<InterceptedDevice>();
  readonly #held = new Map<number, Held>();
  readonly #events: InterceptEvents;
  readonly #listeners = new Set<() => void>();
  #rules = new RuleList([]);
  #isOn = false;
  #holdsOthers = false;
  #count = 0;
  #passedAtLimit = 0;
  /** Who decides what is answered just now. */
  #by = 'by the backend';

  constructor(options: InterceptOptions) {
    this.#options = options;
    this.#events = new InterceptEvents(options.clock);
  }

  get domid(): number {
    return this.#options.domid;
  }

  /** For a device that is just being connected. */
  gateOf(parts: DeviceParts): CallGate {
    const device = new InterceptedDevice(parts);
    this.#devices.add(device);
    this.#changed();
    return {
      arrive: (call) => this.#arrive(device, call),
      answered: (request, ret) => {
        if (!this.#isOn) return;
        this.#events.add('answered', device.asked(request), `answered ${retText(ret)}, ${this.#by}`, ret);
        this.#changed();
      },
      close: () => this.#drop(device),
    };
  }

  state(): InterceptState {
    return {
      isOn: this.#isOn,
      holdsOthers: this.#holdsOthers,
      rules: this.#rules.states(),
      held: [...this.#held.values()].map(({ shown }) => shown),
      nowMs: this.#options.clock.nowMs(),
      devices: [...this.#devices].map(({ path, domid }) => ({ path, domid })),
      passedAtLimit: this.#passedAtLimit,
    };
  }

  heldAt(device: string): ReadonlyMap<number, HeldState> {
    const held = [...this.#held.values()].filter((one) => one.device.path === device);
    return new Map(held.map(({ call, state }) => [call.request.reqId, state]));
  }

  eventsAfter(after: number): readonly InterceptEvent[] {
    return this.#events.after(after);
  }

  set({ isOn, holdsOthers, rules }: InterceptSettings): void {
    const list = new RuleList(rules, this.#rules);
    this.#rules = list;
    this.#holdsOthers = holdsOthers;
    const was = this.#isOn;
    this.#isOn = isOn;
    const others = holdsOthers ? 'others are held' : 'others pass';
    const lines = list.enabledLines().map((line) => `“${line}”`);
    this.#admit(isOn ? ['on', ...lines, others].join('; ') : 'off');
    if (was && !isOn) for (const held of [...this.#held.values()]) this.#settle(held, pass);
    this.#changed();
  }

  decide(number: number, decision: CallDecision, delayMs = 0): void {
    mustMakeSense(decision, delayMs);
    const held = this.#held.get(number);
    if (!held) {
      throw new XenscopeError('gone', 'This call is not held any more.', {
        wayOut: 'It was answered meanwhile, or its device has disconnected.',
      });
    }
    this.#admit(`${callText(held.asked)}: ${decisionText(decision)}${delayText(delayMs)}`);
    this.#resolve(held, decision, delayMs, 'by hand');
    this.#changed();
  }

  onChange(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  #arrive(device: InterceptedDevice, call: GatedCall): void {
    const { request } = call;
    device.note(request);
    if (!this.#isOn) return this.#carryOut(device, call, pass, '');
    const asked = device.asked(request);
    this.#events.add('asked', asked, asked.text);
    const found = this.#rules.decide(device.ruled(request));
    const by = found ? `by the rule “${found.line}”` : 'by the backend';
    const decision = found?.rule.decision ?? (this.#holdsOthers ? hold : pass);
    const delayMs = found?.rule.delayMs ?? 0;
    if (decision.kind !== 'hold' && decision.kind !== 'never' && delayMs === 0) {
      this.#carryOut(device, call, decision, by);
    } else if (this.#held.size >= maxHeldCalls) {
      this.#passedAtLimit++;
      this.#events.add('note', asked, `It passes, because ${maxHeldCalls} calls are held already.`);
      this.#carryOut(device, call, pass, 'by the backend');
    } else {
      const number = ++this.#count;
      const held = new Held(number, device.clock.nowMs(), device, call, asked);
      this.#held.set(number, held);
      if (decision.kind !== 'hold') this.#resolve(held, decision, delayMs, by);
    }
    this.#changed();
  }

  #resolve(held: Held, decision: CallDecision, delayMs: number, by: string): void {
    if (decision.kind === 'never') return held.silence(by);
    if (delayMs === 0) return this.#settle(held, decision, by);
    held.wait(decision, delayMs, by, () => {
      this.#settle(held, decision, by);
      this.#changed();
    });
  }

  #settle(held: Held, decision: CallDecision, by = 'by the backend'): void {
    held.cancel();
    this.#held.delete(held.number);
    const isTooLate = held.isReleased && decision.kind !== 'refuse';
    this.#carryOut(held.device, held.call, isTooLate ? releasedMeanwhile : decision, by);
  }

  #carryOut(device: InterceptedDevice, call: GatedCall, decision: CallDecision, by: string): void {
    const { request } = call;
    if (request.cmd === 'release' && decision.kind === 'pass') this.#releasing(device, request.id);
    // What the backend answers later it answers by itself.
    if (decision.kind !== 'pass') this.#by = by;
    try {
      carryOut(call, decision);
    } finally {
      this.#by = 'by the backend';
    }
  }

  /** As the backend has it: whoever waits at a socket is answered before its release is. */
  #releasing(device: InterceptedDevice, id: bigint): void {
    for (const held of [...this.#held.values()]) {
      const { request } = held.call;
      if (held.device !== device || request.cmd === 'unknown' || request.cmd === 'release') continue;
      if (request.id !== id) continue;
      if (held.state === 'silent') held.isReleased = true;
      else this.#settle(held, releasedMeanwhile, 'because its socket is released');
    }
    device.forget(id);
  }

  #drop(device: InterceptedDevice): void {
    this.#devices.delete(device);
    for (const held of [...this.#held.values()]) {
      if (held.device !== device) continue;
      held.cancel();
      this.#held.delete(held.number);
      this.#events.add('note', held.asked, 'It was dropped: its device has disconnected.');
    }
    this.#changed();
  }

  #admit(text: string): void {
    this.#options.admit?.(`intercept of PV Calls in domain ${this.domid}: ${text}`);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function mustMakeSense(decision: CallDecision, delayMs: number): void {
  const { kind } = decision;
  if (kind === 'refuse') {
    const { ret } = decision;
    if (!Number.isInteger(ret) || ret >= 0 || ret < -maxErrno) {
      throw new XenscopeError('input', `${ret} is no error that a call can be answered with.`, {
        wayOut: `Errors are whole numbers from −1 to −${maxErrno}.`,
      });
    }
  }
  if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > maxDelayMs) {
    throw new XenscopeError('input', `A delay of ${delayMs} ms cannot be.`, {
      wayOut: `It is a whole number of milliseconds to ${maxDelayMs}, which is an hour.`,
    });
  }
}
