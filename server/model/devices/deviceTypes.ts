/**
 * What the model says about devices, as plain JSON values: the editor's contract passes them on as they
 * are. Keep this file free of imports, it is compiled for every runtime.
 */

export type DeviceSideName = 'frontend' | 'backend';
export type DeviceSeverity = 'fine' | 'note' | 'warning' | 'error';

/** One end of a device, as its folder in the store shows it. */
export interface DeviceSide {
  readonly path: string;
  /** Whose folder it is. */
  readonly domid: number;
  /** The folder is there. */
  readonly exists: boolean;
  /** 0 to 8; 0 where there is no state, or it cannot be read. */
  readonly state: number;
  /** In the host's time; absent while nobody has seen it change. */
  readonly sinceMs?: number;
  /** What it wrote below `error`, if anything. */
  readonly error?: string;
}

/** A change of a state that was seen. */
export interface DanceStep {
  readonly timeMs: number;
  readonly side: DeviceSideName;
  readonly from: number;
  readonly to: number;
  /** One event of the store told of it. Two moves in one breath may be one event: then the state between is not known. */
  readonly isDirect: boolean;
  /** The rules have no such move; only said of direct ones. */
  readonly isIllegal: boolean;
}

export interface DeviceTurn {
  readonly who: DeviceSideName | 'nobody';
  /** Where it is expected to go. */
  readonly to?: number;
  /** One clause. */
  readonly why: string;
}

export interface DeviceDiagnosis {
  /** The id of the rule. */
  readonly rule: string;
  readonly severity: DeviceSeverity;
  /** One clause. */
  readonly text: string;
  /** Whole sentences: what was seen, and what can be done. */
  readonly evidence: readonly string[];
}

export interface DeviceRow {
  /** Stable while the device is there: the path of its frontend, or of its backend where that is all there is. */
  readonly id: string;
  /** As in the path of the frontend: `vif`, `vbd`; of the backend where that is all there is. */
  readonly kind: string;
  readonly devid: string;
  readonly frontend: DeviceSide;
  readonly backend: DeviceSide;
  /** The backend's `online`; absent where there is none. */
  readonly online?: boolean;
  readonly turn: DeviceTurn;
  /** The most serious first; at least one. */
  readonly diagnoses: readonly DeviceDiagnosis[];
}

/** A node that a side published, by its name below the folder. */
export interface PublishedNode {
  readonly name: string;
  readonly value: string;
}

/** Everything about one device. */
export interface DeviceDetail {
  readonly row: DeviceRow;
  /** The oldest first. */
  readonly history: readonly DanceStep[];
  /** Steps before those, which are not remembered any more. */
  readonly droppedSteps: number;
  readonly published: Readonly<Record<DeviceSideName, readonly PublishedNode[]>>;
  /** Where each side may go by the rules. */
  readonly legal: Readonly<Record<DeviceSideName, readonly number[]>>;
}
