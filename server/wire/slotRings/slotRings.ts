/** All rings whose slots are known, by their names. */
import { BLKIF_32_RING, BLKIF_RING } from './blkif';
import { CAMERAIF_RING, DISPLIF_RING, SNDIF_RING } from './media';
import { NETIF_CTRL_RING, NETIF_RX_RING, NETIF_TX_RING } from './netif';
import { USBIF_CONN_RING, USBIF_URB_RING, VSCSIIF_RING } from './peripherals';
import { PVCALLS_RING } from './pvcallsCommands';
import type { SlotRing } from './slotRing';

export const slotRings: readonly SlotRing[] = [
  BLKIF_RING,
  BLKIF_32_RING,
  NETIF_TX_RING,
  NETIF_RX_RING,
  NETIF_CTRL_RING,
  PVCALLS_RING,
  DISPLIF_RING,
  SNDIF_RING,
  CAMERAIF_RING,
  VSCSIIF_RING,
  USBIF_URB_RING,
  USBIF_CONN_RING,
];
