/** `xenscope pvcalls serve`: the sockets of guests, opened on this machine; and `connect` beside it. */
import { once } from 'node:events';
import type { Command } from 'commander';
import type { InterceptEvent } from '../host/callInterceptor';
import { XenscopeError } from '../host/errors';
import { addressText } from '../wire/pvcalls/address';
import type { PvCallsServing } from '../pvcalls/serving';
import type { ServingClaim } from '../pvcalls/servingClaim';
import { endOfOutput } from './endProcess';
import { collect } from './numbers';
import { addPvcallsConnect } from './pvcallsConnect';
import { stopSignal } from './stopSignal';
import { fail } from './storeCommand';

interface ServeOptions {
  readonly allow?: readonly string[];
  readonly intercept?: readonly string[];
  readonly force?: boolean;
  readonly verbose?: boolean;
}

/** Of lines that wait for a slow reader; beyond it they are left out, and that is said. */
const maxWaitingBytes = 256 * 1024;
const loopback = ['127.0.0.0/8'];

export function addPvcallsVerb(program: Command): void {
  const verb = program
    .command('pvcalls')
    .description('PV Calls: sockets of guests that are opened elsewhere');
  addPvcallsConnect(verb);
  verb
    .command('serve')
    .description('be the backend of this domain: open the sockets of its guests on this machine')
    .option(
      '--allow <addresses>',
      'what guests may connect to and bind: a network or an address, with a port where only that one is meant; again for more (default: 127.0.0.0/8)',
      collect,
    )
    .option(
      '--intercept <rule>',
      'what becomes of a call: "connect port 443 → ECONNREFUSED", "accept after 2 s"; again for more, the first that fits decides',
      collect,
    )
    .option('--force', 'also where somebody seems to serve: after a backend that was killed')
    .option('-v, --verbose', 'tell each call and what it was answered')
    .addHelpText(
      'after',
      `
Examples:
  sudo xenscope pvcalls serve                               guests reach loopback, and nothing else
  sudo xenscope pvcalls serve --allow 10.0.0.0/8 --allow 192.168.0.7:443
  sudo xenscope pvcalls serve -v --intercept 'connect domain 3 → ECONNREFUSED 3 times'
It ends with Ctrl-C: the devices are closed, and their guests are told.
Exit codes: 0 it was ended; 1 it could not begin, or broke off; 2 usage, or somebody serves already.`,
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  // Behind head the devices would stay connected, with nobody there.
  const stopped = stopSignal({ isOrderlyEnd: true });
  try {
    await run(options, once(stopped, 'abort'));
  } catch (error) {
    fail(error);
  }
  await endOfOutput(stopped);
}

async function run(
  { allow = loopback, intercept: lines = [], force, verbose }: ServeOptions,
  ended: Promise<unknown>,
): Promise<void> {
  // Loaded when wanted: the help needs no libraries.
  const { PvCallsServing, allowListProblem } = await import('../pvcalls/serving');
  const problem = allowListProblem(allow) ?? (await rulesProblem(lines));
  if (problem) throw problem;
  const { openLocalProgram } = await import('./localProgram');
  const { nodeNetwork } = await import('./nodeNetwork');
  const { systemClock } = await import('./systemClock');
  const { readOwnDomid } = await import('../vchan/ownDomid');
  const { claimServing } = await import('../pvcalls/servingClaim');
  const { processClaimants } = await import('./processClaimants');
  const { kernelBackend } = await import('./kernelBackend');
  const program = await openLocalProgram();
  const { ports } = program;
  let claim: ServingClaim | undefined;
  try {
    claim = await claimServing({
      store: ports.store,
      clock: systemClock,
      kernel: kernelBackend(),
      takesOver: force === true,
      claimants: processClaimants,
    });
    const domid = await readOwnDomid(ports.store);
    const printer = new Printer();
    const log = (line: string) => printer.line(line);
    const serving = new PvCallsServing({
      program: ports,
      domid,
      clock: systemClock,
      network: nodeNetwork,
      allow,
      wayOutOf: (address) => `If it is to be trusted with it: --allow ${addressText(address)}.`,
      log,
    });
    const rules = lines.map((line) => ({ line, isEnabled: true }));
    serving.intercept.set({ isOn: rules.length > 0 || verbose === true, holdsOthers: false, rules });
    greet(printer, domid, allow, serving);
    const stop = follow(serving, printer, verbose === true);
    try {
      await Promise.race([ended, serving.ended]);
    } finally {
      const left = await serving.close();
      stop();
      for (const path of left) printer.line(`${path} was given up: its guest did not close its end.`);
      printer.end();
    }
  } finally {
    await claim?.release();
    await program.close();
  }
}

async function rulesProblem(lines: readonly string[]): Promise<XenscopeError | undefined> {
  const { parseRule } = await import('../pvcalls/intercept/rules');
  const { maxRules } = await import('../pvcalls/intercept/ruleList');
  if (lines.length > maxRules) {
    return new XenscopeError('input', `There can be ${maxRules} rules, and these are ${lines.length}.`);
  }
  for (const line of lines) {
    const parsed = parseRule(line);
    if (parsed.kind === 'wrong') {
      return new XenscopeError('input', `--intercept "${line}": ${parsed.problem}`, {
        wayOut: parsed.wayOut,
      });
    }
    if (parsed.rule.decision.kind !== 'hold') continue;
    return new XenscopeError('input', `--intercept "${line}": nobody is here who could decide.`, {
      wayOut: 'Calls are held in the editor, with PV Calls: Intercept a Backend…; here say “never”.',
    });
  }
  return undefined;
}

function greet(
  printer: Printer,
  domid: number,
  allow: readonly string[],
  { intercept }: PvCallsServing,
): void {
  printer.line(`PV Calls are served by domain ${domid}: its guests’ sockets are opened on this machine.`);
  printer.line(`They may connect to and bind ${allow.join(', ')}, and nothing else.`);
  for (const { text } of intercept.state().rules) printer.line(`Rule: ${text}`);
  printer.line('End it with Ctrl-C.');
}

/** Tells of devices that come and go, and of calls where that is wanted. Returns how to stop. */
function follow({ intercept }: PvCallsServing, printer: Printer, tellsCalls: boolean): () => void {
  const known = new Map<string, number>();
  let told = 0;
  return intercept.onChange(() => {
    const now = new Map(intercept.state().devices.map(({ path, domid }) => [path, domid]));
    for (const [path, domid] of now) {
      if (!known.has(path)) printer.line(`${path} of domain ${domid} is connected.`);
      known.set(path, domid);
    }
    for (const path of [...known.keys()]) {
      if (now.has(path)) continue;
      known.delete(path);
      printer.line(`${path} has disconnected.`);
    }
    for (const event of intercept.eventsAfter(told)) {
      told = event.number;
      if (tellsCalls) printer.line(callLine(event));
    }
  });
}

function callLine({ device, kind, text, says }: InterceptEvent): string {
  return kind === 'asked' ? `${device}: ${text}` : `${device}: ${text}: ${says}`;
}

/** Lines on standard output, of which a slow reader makes no heap. */
class Printer {
  #leftOut = 0;

  line(text: string): void {
    if (process.stdout.writableLength > maxWaitingBytes) {
      this.#leftOut++;
      return;
    }
    this.end();
    process.stdout.write(`${text}\n`);
  }

  /** What is missing is told of, however much waits. */
  end(): void {
    if (this.#leftOut > 0)
      process.stdout.write(`… ${this.#leftOut} lines were left out: nobody read them.\n`);
    this.#leftOut = 0;
  }
}
