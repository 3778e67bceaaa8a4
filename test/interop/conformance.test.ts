/**
 * The conformance cases against the xenstored of the Xen project: what proves the cases
 * themselves right. The same cases judge our store in test/store/conformance.
 */
import { families } from '../store/conformance/cases/all';
import { runCases } from '../store/conformance/conformance';
import { xenstoredTarget } from './conformanceTarget';
import { describeWithDaemons } from './daemons/requirements';

describeWithDaemons('conformance on C xenstored 4.17', () => {
  for (const [family, cases] of Object.entries(families)) {
    describe(family, () => {
      runCases(
        cases.filter(({ notOnXen417 }) => notOnXen417 === undefined),
        xenstoredTarget,
      );
    });
  }
});
