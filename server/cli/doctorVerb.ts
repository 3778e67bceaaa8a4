/** `xenscope doctor host`: what this machine has of what a real host needs, in a table of plain words. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Finding, HostReport } from '../../native/hostReport';
import { writeOut } from './output';
import { findSocket } from './socketPaths';
import { fail, noFolder } from './storeCommand';

/** Something is switched off. */
const EXIT_INCOMPLETE = 1;

interface DoctorOptions {
  readonly json?: boolean;
  readonly socket?: string;
  readonly libraries?: string;
}

const headings: Readonly<Record<Finding['group'], string>> = {
  machine: 'This machine',
  runtime: 'This program',
  store: 'The store',
  devices: 'Devices',
  libraries: 'Libraries',
};
const marks: Readonly<Record<Finding['state'], string>> = { there: 'ok', refused: 'no', missing: '--' };

export function addDoctorVerb(program: Command): void {
  const doctor = program.command('doctor').description('say what is there, what is missing, and what to do');
  doctor
    .command('host')
    .description('what this machine has of what a real Xen host needs, and what is switched off without it')
    .option('-s, --socket <path>', "the xenstored's socket to look for")
    .option('--libraries <folders>', "folders with Xen's libraries, before the system's; a list as in PATH")
    .option('-j, --json', 'one JSON object')
    .addHelpText('after', '\nExit code: 0 nothing is switched off, 1 something is.')
    .action(doctorHost);
}

async function doctorHost({ json, socket, libraries }: DoctorOptions): Promise<void> {
  const path = await import('node:path');
  const { XenLibraries } = await import('../../native/libraries/xenLibraries');
  const { reportHost } = await import('../../native/hostReport');
  const folders = libraries?.split(path.delimiter).filter((folder) => folder !== '');
  const nowhere = folders?.find((folder) => !existsSync(folder));
  if (nowhere !== undefined) return fail(noFolder('--libraries', nowhere));
  const report = await reportHost(new XenLibraries({ folders }), findSocket(socket));
  await writeOut(json ? `${JSON.stringify(report)}\n` : reportText(report));
  if (!report.isComplete) process.exitCode = EXIT_INCOMPLETE;
}

export function reportText({ findings, isComplete }: HostReport): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines: string[] = [];
  for (const group of Object.keys(headings) as Finding['group'][]) {
    lines.push(headings[group]);
    for (const finding of findings.filter((one) => one.group === group)) {
      lines.push(...findingLines(finding, width));
    }
    lines.push('');
  }
  const last = isComplete
    ? 'Nothing is missing: this machine can be attached to with all that Xenscope shows.'
    : 'What is marked "--" or "no" switches off what is said there, and nothing else.';
  return `${lines.join('\n')}\n${last}\n`;
}

function findingLines({ name, state, detail, switchesOff, wayOut }: Finding, width: number): string[] {
  const indent = ' '.repeat(width + 7);
  const lines = [`  ${marks[state]}  ${name.padEnd(width)} ${detail}`];
  if (switchesOff !== undefined) lines.push(`${indent}Off: ${switchesOff}.`);
  if (state !== 'there' && wayOut !== undefined) lines.push(`${indent}${wayOut}`);
  return lines;
}
