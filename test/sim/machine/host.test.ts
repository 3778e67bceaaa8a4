import { openProcessPages } from '../../../server/sim/pages';
import { describeHost } from '../../support/hostSuite';
import { machineAbilities, machineHost } from '../../support/machineHost';

describeHost('simulated, pages of this process', machineAbilities, () => machineHost(openProcessPages()));
