/** A program that joined a domain, for the suite of every host. */
import { runSideProgram } from '../../support/sides/program';

void runSideProgram(process.stdin, process.stdout);
