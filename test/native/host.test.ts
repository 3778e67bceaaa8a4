import { openFilePages } from '../../native/pages';
import { describeHost } from '../support/hostSuite';
import { machineHost } from '../support/machineHost';

if (process.platform === 'linux') {
  describeHost('simulated, pages in files', { canEndDomains: true }, () => machineHost(openFilePages()));
}
