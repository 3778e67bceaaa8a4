/** A ring with its two ends, looked at ten times a second, and what the doctor says of it. */
import type { ObservedInside, ObservedPage } from '../../server/host/observer';
import { PageSampler } from '../../server/capture/pageSampler';
import { diagnose } from '../../server/doctor/doctor';
import { HistoryKeeper } from '../../server/model/rings/ringHistory';
import type { RingDiagnosis } from '../../server/model/rings/ringTypes';
import { ObservedRingPage, type ObservedRingPageOptions } from '../support/observedPage';

const lookEveryMs = 100;

export const quietDoorbell: ObservedInside = {
  pendingToServer: false,
  pendingToGuest: false,
  toldServer: 5,
  toldGuest: 5,
};

export class Scene {
  readonly page: ObservedRingPage;
  readonly sampler: PageSampler;
  readonly history: HistoryKeeper;
  nowMs = 1_000_000;

  /** With an `inside` it is a simulated host. The first look is taken. */
  constructor(options: ObservedRingPageOptions & { readonly inside?: ObservedInside } = {}) {
    this.page = new ObservedRingPage(options);
    this.page.inside = options.inside;
    this.sampler = new PageSampler(this.page.observed);
    this.history = new HistoryKeeper(this.sampler);
    this.look();
  }

  look(): void {
    this.history.fold(this.sampler.sample(this.nowMs), this.nowMs);
  }

  /** Time passes; `meanwhile` happens before each look. */
  wait(ms: number, meanwhile?: () => void): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs;) {
      this.nowMs = Math.min(untilMs, this.nowMs + lookEveryMs);
      meanwhile?.();
      this.look();
    }
  }

  /** Changes what is seen of the doorbell of a simulated host. */
  bell(change: Partial<ObservedInside>): void {
    this.page.inside = { ...this.page.inside!, ...change };
  }

  say(): readonly RingDiagnosis[] {
    return diagnose(this.history, this.nowMs);
  }

  /** `severity rule/direction: text` of all that is said. */
  get said(): string[] {
    return this.say().map(
      ({ severity, rule, direction, text }) =>
        `${severity} ${rule}${direction ? `/${direction}` : ''}: ${text}`,
    );
  }

  evidence(rule: string): string {
    return this.say()
      .filter((diagnosis) => diagnosis.rule === rule)
      .flatMap(({ evidence }) => evidence)
      .join('\n');
  }
}

/** Any page, looked at ten times a second, and what the doctor says of it. */
export function sceneOf(page: ObservedPage) {
  const sampler = new PageSampler(page);
  const history = new HistoryKeeper(sampler);
  let nowMs = 1_000_000;
  const look = () => history.fold(sampler.sample(nowMs), nowMs);
  look();
  const say = () => diagnose(history, nowMs);
  return {
    /** `meanwhile` happens before each look. */
    wait(ms: number, meanwhile?: () => void): void {
      for (let passed = 0; passed < ms; passed += lookEveryMs) {
        nowMs += lookEveryMs;
        meanwhile?.();
        look();
      }
    },
    said: () => say().map(({ severity, rule, text }) => `${severity} ${rule}: ${text}`),
    evidence: () => say()[0]!.evidence.join('\n'),
    isAtRest: () => history.isAtRest(nowMs),
  };
}
