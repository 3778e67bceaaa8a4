/** The rings that a composer has opened: how an observer is told of those that no node names, and which pages they are. */
import type { ObservedPage } from '../host/observer';
import { socketText } from '../model/pvcalls/callSeen';
import type { DeviceRing } from '../wire/deviceRings/deviceRing';
import type { ComposerState } from './pvcallsComposerApi';

/**
 * The data rings of its sockets, named as whoever sees the commands pass names them. A command that was not seen, as
 * on a real host that was busy, is so no reason that they cannot be shown.
 */
export function dataRingsOf({ kind, phase, device, sockets }: ComposerState): readonly DeviceRing[] {
  const [, domid, devid] = frontendPath.exec(device.frontend ?? '') ?? [];
  const [, backendDomid] = /^\/local\/domain\/([0-9]+)\//.exec(device.backend ?? '') ?? [];
  if (kind !== 'own' || phase !== 'open' || devid === undefined || backendDomid === undefined) return [];
  return sockets.flatMap(({ id, stream }) => {
    if (!stream) return [];
    return {
      domid: Number(domid),
      backendDomid: Number(backendDomid),
      deviceClass: 'pvcalls',
      devid,
      name: socketText(BigInt(id)),
      format: { kind: 'pvcallsData' },
      grefs: [stream.rings.ref],
      port: stream.rings.evtchn,
      node: 'the frontend',
    };
  });
}

const frontendPath = /^\/local\/domain\/([0-9]+)\/device\/pvcalls\/([0-9]+)$/;

export function withRings(state: ComposerState, pages: readonly ObservedPage[]): ComposerState {
  const { frontend } = state.device;
  if (frontend === undefined || state.phase !== 'open') return state;
  const [, domid, devid] = frontendPath.exec(frontend) ?? [];
  const ours = pages.filter(
    ({ device, domid: owner }) =>
      device?.deviceClass === 'pvcalls' && owner === Number(domid) && device.devid === devid,
  );
  const commands = ours.find(({ device }) => device!.format.kind === 'slots');
  const dataRings = new Map(
    ours.flatMap(({ id, device }) =>
      device!.format.kind === 'pvcallsData' ? [[device!.grefs[0], id] as const] : [],
    ),
  );
  const sockets = state.sockets.map((socket) => {
    const ring = socket.stream && dataRings.get(socket.stream.rings.ref);
    return ring === undefined ? socket : { ...socket, stream: { ...socket.stream!, ring } };
  });
  return { ...state, sockets, device: { ...state.device, ...(commands && { ring: commands.id }) } };
}
