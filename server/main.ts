/**
 * The command line, and the only place that joins the parts: each verb is a few lines in `cli/`.
 */
import { Command } from 'commander';
import { version } from '../package.json';
import { addAdapterVerb } from './cli/adapterVerb';
import { addDoctorVerb } from './cli/doctorVerb';
import { addEditorVerb } from './cli/editorVerb';
import { runCommandLine } from './cli/runCommandLine';
import { addPvcallsVerb } from './cli/pvcallsVerb';
import { addRunVerb } from './cli/runVerb';
import { addServeVerb } from './cli/serveVerb';
import { keepHeapSmall } from './cli/smallHeap';
import { addStoreVerbs } from './cli/storeVerbs';
import { addVchanVerb } from './cli/vchanVerb';

keepHeapSmall();

const program = new Command('xenscope')
  .description('See inside Xen: xenstore, rings and devices of a real host or of a built-in simulator.')
  .version(version)
  // Options behind the program that `run` starts are that program's.
  .enablePositionalOptions();

addServeVerb(program);
addRunVerb(program);
addStoreVerbs(program);
addVchanVerb(program);
addPvcallsVerb(program);
addEditorVerb(program);
addAdapterVerb(program);
addDoctorVerb(program);

void runCommandLine(program, process.argv);
