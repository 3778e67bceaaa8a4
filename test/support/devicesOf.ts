/** Devices of which nothing is known but what their nodes say. */
import assert from 'node:assert/strict';
import { devicePathOf } from '../../server/model/devices/devicePaths';
import { joinSides } from '../../server/model/devices/deviceRows';
import { SideSeen } from '../../server/model/devices/deviceSeen';

/** Each folder of an end with its nodes, as read; `sinceMs`: since when it is in its state, where that was seen. */
export function devicesOf(
  folders: Readonly<Record<string, Readonly<Record<string, string>>>>,
  sinceMs?: number,
) {
  const sides = new Map<string, SideSeen>();
  for (const [folder, values] of Object.entries(folders)) {
    const place = devicePathOf(folder);
    assert.ok(place?.at === 'side');
    const side = new SideSeen(place.side);
    const nodes = Object.entries(values).map(([name, value]) => ({ name, value }));
    side.noteNodes({ nodes, perms: undefined, error: undefined });
    side.noteFirst(values['state'], sinceMs);
    sides.set(folder, side);
  }
  return joinSides(sides, () => true);
}
