/** What the bytes of a slot of PV Calls are, for whoever shows them: the tables of `wire`, as plain values. */
import { PVCALLS_LAYOUTS } from '../wire/slotRings/pvcallsCommands';
import type { SlotLayout } from '../wire/slotRings/slotRing';
import { pvcallsCommandNames } from '../wire/pvcalls/commands';

export interface ComposerSlotField {
  /** As the header calls it: `u.connect.ref`. */
  readonly name: string;
  readonly offsetBytes: number;
  readonly widthBytes: number;
  readonly meaning: string;
  /** How the bytes are read where they are no number without a sign. */
  readonly as?: 'signed' | 'sockaddr';
}

export interface ComposerLayouts {
  /** By the number of the command. */
  readonly requests: Readonly<Record<number, readonly ComposerSlotField[]>>;
  /** Of any response, whatever it answers. */
  readonly response: readonly ComposerSlotField[];
}

export const composerLayouts: ComposerLayouts = {
  requests: Object.fromEntries(
    Object.entries(pvcallsCommandNames).map(([number, name]) => [number, fieldsOf(PVCALLS_LAYOUTS[name])]),
  ),
  response: fieldsOf(PVCALLS_LAYOUTS.response),
};

function fieldsOf({ fields }: SlotLayout): readonly ComposerSlotField[] {
  return fields.map(({ name, offsetBytes, widthBytes, meaning, as }) => ({
    name,
    offsetBytes,
    widthBytes,
    meaning,
    ...((as === 'signed' || as === 'sockaddr') && { as }),
  }));
}
