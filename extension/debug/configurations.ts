/** Launch configurations of the debug type `xenscope`. Knows nothing of VS Code. */

export const debugType = 'xenscope';

export interface Configuration {
  type: string;
  request: string;
  name: string;
  [key: string]: unknown;
}

/** What the settings say of the simulator. */
export interface SimulatorDefaults {
  readonly seed: number;
  readonly pace: number;
  /** What its store offers on rings. */
  readonly ringFeatures: readonly string[];
}

/** What somebody gets who has no launch.json, or wants a first one. */
export function simulatorConfiguration({
  seed,
  pace,
}: Pick<SimulatorDefaults, 'seed' | 'pace'>): Configuration {
  return {
    type: debugType,
    request: 'launch',
    name: 'Xenscope: Simulator',
    host: 'simulator',
    seed,
    // A quiet world would never come to a breakpoint.
    pace: pace === 0 ? 1 : pace,
  };
}

/** An empty configuration is what F5 gives without a launch.json; the rest may leave out what it does not care for. */
export function resolveConfiguration(
  given: Partial<Configuration>,
  defaults: SimulatorDefaults,
): Configuration {
  const { ringFeatures } = defaults;
  return { ...simulatorConfiguration(defaults), ringFeatures, name: 'Xenscope', ...given };
}
