/** Waits for a descriptor within the event loop of node, without a thread of its own. */
import type * as Koffi from 'koffi';
import type { WhenReadable } from '../../server/store/client/deviceDial';
import { loadKoffi } from '../koffi';

/** Polling stops without a word when the handle is collected: these are kept until they are stopped. */
const handles = new Set<Koffi.node.PollHandle>();

export const whenReadable: WhenReadable = (fd, onReadable) => {
  const handle = loadKoffi().node.poll(fd, { readable: true, disconnect: true }, onReadable);
  handles.add(handle);
  return {
    stop() {
      if (!handles.delete(handle)) return;
      handle.stop();
      handle.close();
    },
  };
};
