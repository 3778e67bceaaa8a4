/** The frontend says that its rings are there, and what it published names none that could be mapped. */
import type { DeviceSeen } from '../../../model/devices/deviceSeen';
import type { DeviceRule } from '../deviceRule';

const ringName = /^(?:queue-[0-9]+\/)?(?:(?:tx|rx|ctrl|req|evt|event)-)?ring-ref[0-9]*$|^page-gref$/;
const channelName =
  /^(?:queue-[0-9]+\/)?(?:(?:tx|rx|ctrl|req|evt)-)?event-channel(?:-(?:tx|rx|ctrl|[0-9]+))?$|^port$/;
/** Classes whose rings are known to be published like this; of others nothing is said. */
const knownKinds = new Set(['vif', 'vbd', 'vkbd', 'console', '9pfs', 'pvcalls', 'vusb', 'vscsi']);
const maxNumber = 0xffff_ffff;

export const ringNotMappable: DeviceRule = {
  id: 'ring-not-mappable',
  judge(device) {
    const { state, exists, path } = device.frontend;
    if (!exists || (state !== 3 && state !== 4) || !knownKinds.has(device.kind)) return undefined;
    const problem = problemIn(device);
    if (problem === undefined) return undefined;
    return {
      severity: 'error',
      text: `ring not mappable: ${problem}`,
      evidence: [
        `The frontend ${path} says that its rings are published.`,
        'The backend cannot map them and will stay where it is, or close.',
      ],
    };
  },
};

function problemIn({ published }: DeviceSeen): string | undefined {
  const rings = published.frontend.filter(({ name }) => ringName.test(name));
  const channels = published.frontend.filter(({ name }) => channelName.test(name));
  if (rings.length === 0) return 'no grant of a ring is published';
  if (channels.length === 0) return 'no event channel is published';
  const wrong = [...rings, ...channels].find(({ value }) => !isNumber(value));
  return wrong && `${wrong.name} is "${wrong.value}", and no number`;
}

const isNumber = (value: string) => /^[0-9]{1,10}$/.test(value) && Number(value) <= maxNumber;
