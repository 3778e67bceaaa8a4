// `npm run xen`: boots a real Xen in QEMU, as the tests do, with two guests, and opens VS Code on it.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowserEditor, portOption } from './lib/browserEditor.mjs';
import { makeDemoFolder } from './lib/demo.mjs';
import { endWithChildren } from './lib/processes.mjs';
import { main, say, step, Told } from './lib/progress.mjs';
import { setUp } from './lib/setup.mjs';
import { makeTemporary, removeTemporary } from './lib/temporary.mjs';
import { bootMachine, daemons } from './lib/xen/boot.mjs';
import { ensureMachine } from './lib/xen/machine.mjs';

const usage = `npm run xen [-- options]
  --daemon NAME  ${daemons.join(' or ')}: which xenstored dom0 has (default: ${daemons[0]})
  --port N       port of VS Code in the browser (any free one otherwise)
  --check        start, see that the page answers, and end`;
const dayMs = 86_400_000;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        daemon: { type: 'string', default: daemons[0] },
        port: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!daemons.includes(values.daemon)) {
      throw new Error(`--daemon must be ${daemons.join(' or ')}, not ${values.daemon}`);
    }
    return { ...values, port: portOption(values.port) };
  } catch (error) {
    throw new Told(`${error.message}\n\n${usage}`);
  }
}

/** Starts the server that runs as root in dom0; resolves to its socket there and a promise of its end. */
async function serveInDom0(gate) {
  let tell;
  const place = new Promise((resolve) => (tell = resolve));
  const ended = gate.run(['node', '/xenscope/server.cjs', 'serve', '--owner', 'guest'], {
    onLine: (line) => line.startsWith('SOCKET=') && tell(line.slice('SOCKET='.length)),
  });
  const end = ended.then(({ stderr }) => {
    throw new Told(`The server in dom0 ended by itself:\n${stderr}`);
  });
  end.catch(() => undefined); // Whoever waits for it hears.
  return { socket: await Promise.race([place, end]), ended: end };
}

async function startGuests(gate) {
  const { status, stderr } = await gate.run(['sh', '/machine/demo-guests']);
  if (status !== 0) throw new Told(`The guests could not be started:\n${stderr}`);
}

async function showXen(options) {
  const machine = await ensureMachine();
  const { daemon } = options;
  const running = await step(`Booting Xen and a dom0 with ${daemon}`, () =>
    bootMachine({ machine, daemon, name: 'xen', lifeMs: dayMs }),
  );
  const sockets = makeTemporary('sockets');
  const ends = [];
  const forward = async (there, here) => ends.push(await running.gate.forward(there, here));
  try {
    await step('Starting two guests', () => startGuests(running.gate));
    const server = await serveInDom0(running.gate);
    const store = path.join(sockets, 'xenstored');
    const root = path.join(sockets, 'server');
    await forward('/run/xenstored/socket', store);
    await forward(server.socket, root);
    say(`\nThe xenstored of dom0: XENSTORED_PATH=${store}`);
    say(`The console of Xen and dom0 is written to ${path.relative('', running.consoleLog)}.`);
    const gone = running.exited.then(() => {
      throw new Told('The machine ended by itself; its console says why.');
    });
    gone.catch(() => undefined);
    await openBrowserEditor({
      ...options,
      workspace: makeDemoFolder('demo-xen'),
      settings: {
        'xenscope.simulator.autoconnect': false,
        'xenscope.sockets': [store],
        'xenscope.realHost.serverSocket': root,
      },
      ended: Promise.race([gone, server.ended]),
    });
  } finally {
    // A socket that still listens would keep this process.
    for (const end of ends) await end();
    await running.stop();
    removeTemporary(sockets);
  }
}

// Ctrl-C is how one ends it, so it is no failure.
endWithChildren(0);
await main(async () => {
  const options = readOptions();
  if (options.help) return say(usage);
  await setUp();
  await showXen(options);
});
