/** Runs `act` as in a runtime that lets no buffer lie over memory of C, which was not known before. */
import { loadKoffi } from '../../native/koffi';

export function withoutBuffers(act: () => void): void {
  const koffi = loadKoffi() as { view: unknown };
  const { view } = koffi;
  koffi.view = () => {
    throw new Error('External buffers are not allowed');
  };
  try {
    act();
  } finally {
    koffi.view = view;
  }
}
