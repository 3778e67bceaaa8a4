/** Where the rings that a composer has opened are in the list of rings; data rings once somebody has named them. */
import type { ObservedPage } from '../host/observer';
import type { ComposerState } from './pvcallsComposerApi';

export function withRings(state: ComposerState, pages: readonly ObservedPage[]): ComposerState {
  const { frontend } = state.device;
  if (frontend === undefined || state.phase !== 'open') return state;
  const [, domid, devid] = /^\/local\/domain\/([0-9]+)\/device\/pvcalls\/([0-9]+)$/.exec(frontend) ?? [];
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
