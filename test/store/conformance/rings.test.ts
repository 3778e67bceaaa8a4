import { ringCases } from './cases/rings';
import { ourRingTarget } from './ourRings';
import { runRingCases } from './rings';

describe('conformance: rings', () => {
  runRingCases(ringCases, ({ features }) => ourRingTarget(features));
});
