import { openFilePages } from '../../native/pages';
import { describeHost } from '../support/hostSuite';
import { machineAbilities, machineHost } from '../support/machineHost';

if (process.platform === 'linux') {
  describeHost('simulated, pages in files', machineAbilities, () => machineHost(openFilePages()));
}
