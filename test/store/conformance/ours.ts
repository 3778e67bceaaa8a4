import { families } from './cases/all';
import { runCases } from './conformance';
import { inProcessTarget, socketTarget } from './ourTargets';

/** One family of cases on our store, spoken to in both ways. */
export function describeOnOurs(family: string): void {
  const cases = families[family]!;
  describe(`conformance: ${family}`, () => {
    describe('in process', () => runCases(cases, inProcessTarget));
    describe('by socket', () => runCases(cases, socketTarget));
  });
}
