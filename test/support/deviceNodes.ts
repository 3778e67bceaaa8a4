/** The nodes of one device between domain 0 and domain 3, as a toolstack makes them. */
import type { StoreOperations } from '../../server/host/storeClient';
import { XenbusState } from '../../server/wire/xenbusState';
import { writeEntries } from '../../server/xenbus/nodes';

export const front = '/local/domain/3/device/vif/0';
export const back = '/local/domain/0/backend/vif/3/0';

export interface DeviceStates {
  readonly frontend?: XenbusState;
  readonly backend?: XenbusState;
}

/** Both folders; Initialising where nothing else is said. */
export async function writeDevice(
  store: StoreOperations,
  { frontend = XenbusState.Initialising, backend = XenbusState.Initialising }: DeviceStates = {},
): Promise<void> {
  await writeEntries(store, front, [
    ['backend', back],
    ['backend-id', 0],
    ['state', frontend],
  ]);
  await writeEntries(store, back, [
    ['frontend', front],
    ['frontend-id', 3],
    ['online', 1],
    ['state', backend],
  ]);
}
