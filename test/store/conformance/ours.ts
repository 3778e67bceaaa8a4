import { families } from './cases/all';
import { runCases } from './conformance';
import { inProcessTarget, ringTarget, socketTarget } from './ourTargets';

/** One family of cases on our store, spoken to in all three ways. */
export function describeOnOurs(family: string): void {
  const cases = families[family]!;
  describe(`conformance: ${family}`, () => {
    describe('in process', () => runCases(cases, inProcessTarget));
    describe('by socket', () => runCases(cases, socketTarget));
    describe('by ring', () => runCases(cases, ringTarget));
  });
}
