/** The device models of HVM guests: QEMU in domain 0, or a stub domain (libxl_dm.c). */
import type { StoreClient } from '../../host/storeClient';
import { domainPath } from '../../wire/xsPath';
import { readText, writeEntries } from '../../xenbus/nodes';
import type { Domain } from '../domain';
import { deviceModelPath, writeDeviceModel } from './domainNodes';
import { makeNode, none, noneBut } from './perms';

/** How long a stub domain may take to start (LIBXL_STUBDOM_START_TIMEOUT). */
const stubdomainTimeoutMs = 30_000;

/** The first terminal that QEMU gets for a serial line; consoles have those below. */
const firstSerialPts = 64;

export async function startDeviceModel(dom0: Domain, store: StoreClient, domid: number): Promise<void> {
  const guest = domainPath(domid);
  await makeNode(store, `${guest}/image`, none(0));
  await writeEntries(store, `${guest}/image`, [['device-model-pid', dom0.random.between(1200, 32_000)]]);
  await makeNode(store, deviceModelPath(domid), noneBut(0, { read: domid }));
  await dom0.sleep(300, 900);
  await writeDeviceModel(store, domid, ['console', 'vkbd', '9pfs', 'qusb', 'qdisk']);
  await writeEntries(store, guest, [
    ['console/vnc-listen', '127.0.0.1'],
    ['console/vnc-port', 5900 + domid],
    ['serial/0/tty', `/dev/pts/${firstSerialPts + domid}`],
  ]);
}

/** Tells a stub domain whom it serves, and allows it what its target is allowed. */
export async function joinStubdomain(
  store: StoreClient,
  stubDomid: number,
  targetDomid: number,
): Promise<void> {
  await store.setTarget(stubDomid, targetDomid);
  await writeEntries(store, domainPath(stubDomid), [['target', targetDomid]]);
  const image = `${domainPath(targetDomid)}/image`;
  await makeNode(store, image, none(0));
  await writeEntries(store, image, [['device-model-domid', stubDomid]]);
  await makeNode(store, modelPath(stubDomid, targetDomid), noneBut(stubDomid, { read: targetDomid }));
}

export async function waitForStubdomain(
  dom0: Domain,
  store: StoreClient,
  stubDomid: number,
  targetDomid: number,
): Promise<void> {
  const state = `${modelPath(stubDomid, targetDomid)}/state`;
  const look = async () => ((await readText(store, state)) === 'running' ? 'done' : undefined);
  const isReady = await dom0.follow(state, look, { store, timeoutMs: stubdomainTimeoutMs });
  if (!isReady) throw new Error(`The stub domain ${stubDomid} of domain ${targetDomid} did not start.`);
}

const modelPath = (stubDomid: number, targetDomid: number) =>
  `${domainPath(stubDomid)}/device-model/${targetDomid}`;
