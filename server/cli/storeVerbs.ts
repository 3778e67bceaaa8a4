/** The verbs that talk to any xenstored, whether of a real host or of a simulator. */
import type { Command } from 'commander';
import { addChmodVerb } from './chmodVerb';
import { addLsVerb } from './lsVerb';
import { addReadVerb } from './readVerb';
import { addRmVerb } from './rmVerb';
import { addWatchVerb } from './watchVerb';
import { addWriteVerb } from './writeVerb';

export function addStoreVerbs(program: Command): void {
  addLsVerb(program);
  addReadVerb(program);
  addWriteVerb(program);
  addRmVerb(program);
  addWatchVerb(program);
  addChmodVerb(program);
}
