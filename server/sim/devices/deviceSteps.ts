/** The steps of a device's rings, as things that the scheduler lets happen. */
import type { RingSteps } from '../../host/steps';
import type { DeviceEnd } from '../../xenbus/deviceEnd';
import type { Domain } from '../domain';

export function deviceSteps(domain: Domain, { path }: Pick<DeviceEnd, 'path'>): RingSteps {
  return {
    before: async (step) => {
      await domain.turn(() => `on ${path}: ${step.text}`);
      return 'do' as const;
    },
  };
}
