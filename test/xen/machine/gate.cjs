// The gate of the emulated dom0: each connection says in its first line, which is JSON and holds the
// token, what it wants: a unix socket of dom0 (`socket`), from then on byte by byte, or a program
// (`run`, with `input`), whose output and end come back as lines of JSON. The program ends with its
// connection.
'use strict';
const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');
const net = require('node:net');

const port = 1;
const maxFirstLineBytes = 1_048_576;
const token = readFileSync('/shared/token', 'utf8');

net.createServer({ allowHalfOpen: true }, greet).listen(port, () => console.log('dom0: the gate is open'));

function greet(connection) {
  let received = Buffer.alloc(0);
  const listen = (bytes) => {
    received = Buffer.concat([received, bytes]);
    const end = received.indexOf('\n');
    if (end < 0 && received.length <= maxFirstLineBytes) return;
    connection.off('data', listen);
    connection.pause();
    const wish = parse(received.toString('utf8', 0, Math.max(end, 0)));
    if (wish?.token !== token) return connection.destroy();
    if (end + 1 < received.length) connection.unshift(received.subarray(end + 1));
    if (typeof wish.socket === 'string') join(connection, wish.socket);
    else if (Array.isArray(wish.run)) runProgram(connection, wish);
    else connection.destroy();
  };
  connection.on('data', listen);
  connection.on('error', () => connection.destroy());
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function join(connection, path) {
  const socket = net.connect({ path, allowHalfOpen: true });
  socket.on('error', () => connection.destroy());
  connection.on('close', () => socket.destroy());
  socket.on('close', () => connection.destroy());
  connection.pipe(socket).pipe(connection);
}

function runProgram(connection, { run: [program, ...args], env, input }) {
  const tell = (line) => connection.write(`${JSON.stringify(line)}\n`);
  // A group of its own, so that all that it started ends with it.
  const child = spawn(program, args, { env: { ...process.env, ...env }, detached: true });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input, 'latin1');
  for (const name of ['stdout', 'stderr']) {
    child[name].on('data', (bytes) => tell({ [name]: bytes.toString('latin1') }));
  }
  child.on('error', (error) => connection.end(`${JSON.stringify({ failed: error.message })}\n`));
  child.on('close', (status, signal) => connection.end(`${JSON.stringify({ status, signal })}\n`));
  // Nothing more is asked on such a connection: its end, which is all that a network tells at once, is
  // that of whoever wanted the program.
  connection.resume();
  for (const event of ['end', 'close']) connection.on(event, () => kill(child));
}

function kill(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
