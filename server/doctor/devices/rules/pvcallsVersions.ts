/** The two ends of a PV Calls device offer and choose what cannot go together: they will never connect. */
import { PVCALLS_VERSION } from '../../../wire/pvcalls/commands';
import { PVCALLS_MAX_ORDER } from '../../../wire/pvcalls/dataPage';
import type { DeviceSeen } from '../../../model/devices/deviceSeen';
import type { DeviceDiagnosis } from '../../../model/devices/deviceTypes';
import type { DeviceRule } from '../deviceRule';

/** Linux's frontend uses data rings of 16 pages, and no others. */
const linuxOrder = 4;

type Said = Omit<DeviceDiagnosis, 'rule'>;

export const pvcallsVersions: DeviceRule = {
  id: 'pvcalls-versions',
  judge(device) {
    const { state, exists, path } = device.backend;
    // What it offers stands there from InitWait on.
    if (device.kind !== 'pvcalls' || !exists || state < 2 || state > 4) return undefined;
    const said = problemIn(device);
    if (!said) return undefined;
    const nodes = device.published.backend.filter(({ name }) => offered.has(name));
    return {
      ...said,
      evidence: [...nodes.map(({ name, value }) => `${path}/${name} is "${value}".`), ...said.evidence],
    };
  },
};

const offered = new Set(['versions', 'version', 'max-page-order', 'function-calls']);

function problemIn({ published, frontend }: DeviceSeen): Said | undefined {
  const value = (side: 'frontend' | 'backend', name: string) =>
    published[side].find((node) => node.name === name)?.value.trim();
  const [versions, draft] = [value('backend', 'versions'), value('backend', 'version')];
  const chosen = value('frontend', 'version');
  const all = versions?.split(',').map((one) => one.trim());
  if (all && !all.includes(PVCALLS_VERSION)) {
    return error(
      `versions cannot match: the backend offers "${versions}", and there is "${PVCALLS_VERSION}" alone`,
    );
  }
  if (all && chosen !== undefined && !all.includes(chosen)) {
    return error(`versions cannot match: the frontend chose "${chosen}", which the backend does not offer`);
  }
  if (!all && draft === undefined) return error('the backend offers no version: no frontend can take it');
  if (!all && frontend.state !== 4) {
    return {
      severity: 'warning',
      text: 'the backend speaks a draft of the protocol, and frontends of the final one do not take it',
      evidence: ['The draft of 2016 published version; the final protocol publishes versions.'],
    };
  }
  const calls = value('backend', 'function-calls');
  if (calls !== PVCALLS_VERSION) return error('the backend offers no calls: no frontend can take it');
  return orderProblem(value('backend', 'max-page-order'), frontend.state === 4);
}

function orderProblem(text: string | undefined, isConnected: boolean): Said | undefined {
  const order = text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  if (order < 1) return error('the backend offers no data rings: max-page-order is less than 1');
  if (order >= linuxOrder || isConnected) return undefined;
  return {
    severity: 'note',
    text: `the backend offers data rings of order ${order}, and Linux’s frontend takes none below ${linuxOrder}`,
    evidence: [`An order of ${linuxOrder} to ${PVCALLS_MAX_ORDER} serves all frontends.`],
  };
}

function error(text: string): Said {
  return {
    severity: 'error',
    text,
    evidence: ['A frontend that looks refuses the backend, and stays where it is.'],
  };
}
