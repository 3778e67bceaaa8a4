import { openProcessPages } from '../../../server/sim/pages';
import { describeHost } from '../../support/hostSuite';
import { machineHost } from '../../support/machineHost';

describeHost('simulated, pages of this process', { canEndDomains: true }, () =>
  machineHost(openProcessPages()),
);
