/** A session as an editor leads it, in this process. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errorFilters } from '../../server/debug/breakpoints/errorFilters';
import { capabilities } from '../../server/debug/dap/capabilities';
import { AdapterClient } from './adapterClient';

const launch = { host: 'simulator', seed: 1, pace: 50 };

describe('the debug adapter', function () {
  this.timeout(120_000);
  let client: AdapterClient;

  beforeEach(async () => {
    client = new AdapterClient();
    await client.start();
  });
  afterEach(() => client.stop());

  const withoutErrors = () => client.setExceptionBreakpointsRequest({ filters: [] });

  /** Each capability that is announced, and the test that uses it: none may be announced without. */
  const uses: Record<string, () => Promise<void>> = {
    async supportsConfigurationDoneRequest() {
      const initialized = client.waitForEvent('initialized');
      await client.initializeRequest();
      await client.launchRequest(launch as DebugProtocol.LaunchRequestArguments);
      await initialized;
      await withoutErrors();
      let hasStopped = false;
      client.once('stopped', () => (hasStopped = true));
      await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_*' }] });
      assert.equal((await client.threadsRequest()).body.threads.length > 1, true);
      assert.equal(hasStopped, false, 'nothing runs before the configuration is done');
      await client.stopAfter(() => client.configurationDoneRequest());
    },

    async supportsFunctionBreakpoints() {
      const set = { breakpoints: [{ name: 'XS_WRITE' }, { name: 'XS_WRIET' }] };
      let answers: DebugProtocol.Breakpoint[] = [];
      const stop = await client.stopAfter(() =>
        client.begin(launch, async () => {
          await withoutErrors();
          answers = (await client.setFunctionBreakpointsRequest(set)).body.breakpoints;
        }),
      );
      assert.deepEqual(
        answers.map(({ verified }) => verified),
        [true, false],
      );
      assert.match(answers[1]!.message!, /Did you mean XS_WRITE\?/);
      assert.equal(stop.reason, 'breakpoint');
      assert.deepEqual(stop.hitBreakpointIds, [answers[0]!.id]);
      assert.equal(stop.allThreadsStopped, true);
      assert.match(stop.description!, /^held after XS_WRITE/);
    },

    async supportsConditionalBreakpoints() {
      const stop = await client.stopAfter(() =>
        client.begin(launch, async () => {
          await withoutErrors();
          await client.setFunctionBreakpointsRequest({
            breakpoints: [{ name: 'XS_*', condition: 'path=/local/domain/*/data/**' }],
          });
        }),
      );
      const [top] = await client.frames(stop.threadId!);
      assert.match(top!.name, /^XS_\w+ (\/local\/domain\/\d+\/)?data\//);
    },

    async supportsHitConditionalBreakpoints() {
      const stop = await client.stopAfter(() =>
        client.begin(launch, async () => {
          await withoutErrors();
          await client.setFunctionBreakpointsRequest({
            breakpoints: [{ name: 'XS_*', hitCondition: '== 5' }],
          });
        }),
      );
      assert.equal(stop.reason, 'breakpoint');
      const answers = await client.setFunctionBreakpointsRequest({
        breakpoints: [{ name: 'XS_*', hitCondition: 'often' }],
      });
      assert.match(answers.body.breakpoints[0]!.message!, /no hit count/);
    },

    async exceptionBreakpointFilters() {
      const announced = (await client.initializeRequest()).body!.exceptionBreakpointFilters!;
      assert.deepEqual(
        announced.map(({ filter }) => filter),
        Object.keys(errorFilters),
      );
      const answer = await client.setExceptionBreakpointsRequest({ filters: ['protocol', 'nonsense'] });
      assert.deepEqual(
        answer.body!.breakpoints!.map(({ verified }) => verified),
        [true, false],
      );
    },

    async supportsExceptionFilterOptions() {
      const stop = await client.stopAfter(() =>
        client.begin(launch, () =>
          client.setExceptionBreakpointsRequest({
            filters: [],
            filterOptions: [{ filterId: 'errorReply', condition: 'ENOENT' }],
          }),
        ),
      );
      assert.equal(stop.reason, 'exception');
      assert.match(stop.text!, /answers ENOENT to XS_/);
    },

    async supportsExceptionInfoRequest() {
      const faults = { corruptIndex: 1 };
      const { threadId } = await client.stopAfter(() => client.begin({ ...launch, faults }));
      const info = (await client.exceptionInfoRequest({ threadId: threadId! })).body;
      assert.match(info.exceptionId, /^ring\.(index\.req|error)$/);
      assert.match(info.description!, /^The .*\.$/);
      assert.ok(info.details!.stackTrace!.length > 0);
    },

    async supportsEvaluateForHovers() {
      await client.stopAfter(() => client.begin({ ...launch, stopOnEntry: true }));
      const name = await client.evaluateRequest({ expression: '/local/domain/0/name', context: 'hover' });
      assert.equal(name.body.result, '"Domain-0"');
      const domain = (await client.evaluateRequest({ expression: '/local/domain/0' })).body;
      const { variables } = (await client.variablesRequest({ variablesReference: domain.variablesReference }))
        .body;
      assert.ok(variables.some((variable) => variable.name === 'name' && variable.value === '"Domain-0"'));
      const refusal = await client.refused(client.evaluateRequest({ expression: '/no/where' }));
      assert.match(refusal, /no such node/);
    },

    async supportsCompletionsRequest() {
      await client.stopAfter(() => client.begin({ ...launch, stopOnEntry: true }));
      const { targets } = (await client.completionsRequest({ text: 'x /local/dom', column: 13 })).body;
      assert.deepEqual(targets, [{ label: '/local/domain', start: 2, length: 10 }]);
    },

    async completionTriggerCharacters() {
      await client.stopAfter(() => client.begin({ ...launch, stopOnEntry: true }));
      const { targets } = (await client.completionsRequest({ text: '/', column: 2 })).body;
      assert.ok(targets.some(({ label }) => label === '/local'));
    },

    async supportsSteppingGranularity() {
      const { threadId } = await client.stopAfter(() =>
        client.begin(launch, async () => {
          await withoutErrors();
          await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_WRITE path=**/data/**' }] });
        }),
      );
      await client.setFunctionBreakpointsRequest({ breakpoints: [] });
      const thread = threadId!;
      const next = (granularity?: DebugProtocol.SteppingGranularity) =>
        client.stopAfter(() => client.nextRequest({ threadId: thread, granularity }));
      const reply = await next();
      assert.equal(reply.reason, 'step');
      assert.match((await client.frames(thread))[0]!.name, /^OK to #/);
      assert.match((await next('line')).description!, /^held after the store answered/);
      const one = await next('instruction');
      assert.match(
        (await client.frames(thread))[0]!.name,
        new RegExp(escape(one.description!.slice(11, 40))),
      );
      const two = await client.stopAfter(() => client.stepInRequest({ threadId: thread }));
      assert.notEqual(two.description, one.description);
      const out = await client.stopAfter(() => client.stepOutRequest({ threadId: thread }));
      assert.match(out.description!, /^held after the store answered/);
    },

    async supportsReadMemoryRequest() {
      const { threadId } = await client.stopAfter(() =>
        client.begin(launch, async () => {
          await withoutErrors();
          await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_WRITE path=**/data/**' }] });
        }),
      );
      const frames = await client.frames(threadId!);
      const ring = frames.find(({ name }) => name.startsWith('ring bytes'))!;
      assert.equal(ring.presentationHint, 'subtle');
      const header = (await client.variables(ring.id)).get('Ring header')!;
      const prod = header.get('req_prod')!;
      const read = (memoryReference: string, offset: number, count: number) =>
        client
          .send('readMemory', { memoryReference, offset, count })
          .then(({ body }) => body as NonNullable<DebugProtocol.ReadMemoryResponse['body']>);
      const word = await read(prod.memoryReference!, 0, 4);
      assert.equal(word.address, prod.memoryReference);
      assert.equal(Buffer.from(word.data!, 'base64').readUInt32LE(), parseInt(prod.value, 10));
      const page = await read(header.get('req_cons')!.memoryReference!, -2048, 1_000_000);
      assert.equal(Buffer.from(page.data!, 'base64').length, 4096);
      assert.equal(page.unreadableBytes, 1_000_000 - 4096);
      const nowhere = await read('0x7777000000000000', 0, 16);
      assert.deepEqual([nowhere.data, nowhere.unreadableBytes], [undefined, 16]);
      assert.match(await client.refused(read('nonsense', 0, 4)), /no address/);
    },

    async supportsDelayedStackTraceLoading() {
      const { threadId } = await client.stopAfter(() =>
        client.begin(launch, async () => {
          await withoutErrors();
          await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_WRITE' }] });
        }),
      );
      const all = await client.stackTraceRequest({ threadId: threadId! });
      const part = await client.stackTraceRequest({ threadId: threadId!, startFrame: 1, levels: 1 });
      assert.deepEqual(
        part.body.stackFrames.map(({ name }) => name),
        [all.body.stackFrames[1]!.name],
      );
      assert.equal(part.body.totalFrames, all.body.stackFrames.length);
    },

    async supportsTerminateRequest() {
      await client.stopAfter(() => client.begin({ ...launch, stopOnEntry: true }));
      const terminated = client.waitForEvent('terminated');
      await client.terminateRequest();
      await terminated;
      await client.disconnectRequest();
      await client.stop();
    },
  };

  describe('can do what it announces', () => {
    it('and there is a test for each', () => {
      assert.deepEqual(Object.keys(uses).sort(), Object.keys(capabilities()).sort());
    });
    for (const [capability, use] of Object.entries(uses)) it(capability, use);
  });

  it('shows a message: stack, variables, and its line in the listing', async () => {
    const { threadId } = await client.stopAfter(() =>
      client.begin(launch, async () => {
        await withoutErrors();
        await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_WRITE path=**/data/**' }] });
      }),
    );
    const { threads } = (await client.threadsRequest()).body;
    assert.match(threads.find(({ id }) => id === threadId)!.name, /^d\d+ [\w-]+ · store ring$/);
    assert.equal(new Set(threads.map(({ id }) => id)).size, threads.length);

    const [top] = await client.frames(threadId!);
    const scopes = await client.variables(top!.id);
    assert.deepEqual([...scopes.keys()], ['Message', 'Transaction', 'Caller']);
    assert.equal(scopes.get('Message')!.get('operation')!.value, 'XS_WRITE');
    const path = scopes.get('Message')!.get('path')!;
    assert.match(path.value, /^(\/local\/domain\/\d+\/)?data\//);
    const again = await client.evaluateRequest({ expression: path.evaluateName!, frameId: top!.id });
    assert.equal(again.body.result, path.value);

    const sourceReference = top!.source!.sourceReference!;
    const text = (await client.sourceRequest({ sourceReference })).body.content;
    const line = text.split('\n')[top!.line - 1]!;
    assert.ok(line.includes(`→ XS_WRITE ${path.value} = `), line);

    // Later lines come behind it, and it stays where it is.
    await client.stopAfter(() => client.nextRequest({ threadId: threadId! }));
    const [later] = await client.frames(threadId!);
    const { content } = (await client.sourceRequest({ sourceReference: later!.source!.sourceReference! }))
      .body;
    assert.ok(content.startsWith(text.slice(0, text.indexOf(line) + line.length)));
    assert.match(content.split('\n')[later!.line - 1]!, /← OK/);
    assert.match(await client.refused(client.scopesRequest({ frameId: top!.id })), /went on/);
  });

  it('goes on, pauses, and tells messages in the console with their places', async () => {
    await client.stopAfter(() => client.begin({ ...launch, stopOnEntry: true }, withoutErrors));
    const output = client.waitForEvent('output');
    const { body } = await client.continueRequest({ threadId: 1 });
    assert.equal(body.allThreadsContinued, true);
    const told = (await output).body as DebugProtocol.OutputEvent['body'];
    assert.match(told.output, /^d\d+ .*[→←] .*\n$/);
    const { content } = (await client.sourceRequest({ sourceReference: told.source!.sourceReference! })).body;
    assert.ok(told.output.trimEnd().endsWith(content.split('\n')[told.line! - 1]!));
    assert.match(await client.refused(client.nextRequest({ threadId: 1 })), /not held/);
    const stop = await client.stopAfter(() => client.pauseRequest({ threadId: 1 }));
    assert.equal(stop.reason, 'pause');
  });

  it('says nothing of messages that it was not asked to tell', async () => {
    let told = 0;
    client.on('output', () => told++);
    await client.stopAfter(() =>
      client.begin({ ...launch, trace: false }, async () => {
        await withoutErrors();
        await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_*', hitCondition: '20' }] });
      }),
    );
    assert.equal(told, 0);
  });

  it('suits a strict client: lines from 0, configuration before the launch, no event of our own', async () => {
    const initialized = client.waitForEvent('initialized');
    await client.initializeRequest({ adapterID: 'xenscope', linesStartAt1: false, pathFormat: 'path' });
    await initialized;
    await withoutErrors();
    await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'XS_WRITE' }] });
    await client.configurationDoneRequest();
    const { threadId } = await client.stopAfter(() => client.launchRequest(launch as never));
    const [top] = await client.frames(threadId!);
    const { sourceReference } = top!.source!;
    const { content } = (await client.sourceRequest({ sourceReference: sourceReference! })).body;
    assert.match(content.split('\n')[top!.line]!, /→ XS_WRITE/);
    await client.stopAfter(() => client.nextRequest({ threadId: threadId! }));
    assert.ok(client.came.has('stopped'));
    const standard = ['initialized', 'stopped', 'continued', 'thread', 'output', 'terminated'];
    assert.deepEqual(
      [...client.came].filter((name) => !standard.includes(String(name))),
      [],
    );
  });

  it('says what is wrong with a configuration, a request, or a reference', async () => {
    await client.initializeRequest();
    const launchWith = (args: object) =>
      client.refused(client.launchRequest(args as DebugProtocol.LaunchRequestArguments));
    assert.match(await launchWith({ seed: -1 }), /"seed" must be a whole number from 0/);
    assert.match(await launchWith({ pace: 'fast' }), /"pace" must be a number from 0 to 1000, not "fast"/);
    assert.match(await launchWith({ host: 'dom0' }), /"host" must be "simulator"/);
    assert.match(
      await launchWith({ faults: { lostNotify: 2 } }),
      /"faults\.lostNotify" must be a number from 0 to 1/,
    );
    assert.match(
      await client.refused(client.attachRequest({} as never)),
      /Only a simulated host can be held/,
    );
    assert.match(await client.refused(client.send('disassemble', {})), /does not know the request/);
    assert.match(await client.refused(client.evaluateRequest({ expression: '/' })), /no world yet/);
    assert.match(await client.refused(client.stackTraceRequest({ threadId: 99 })), /no connection 99/);
    assert.match(await launchWith({ ...launch, faults: { nonsense: 1 } }), /There is no fault nonsense/);
  });

  it('says at once that the journal cannot be written', async () => {
    await client.initializeRequest();
    const refused = (journal: string) =>
      client.refused(client.launchRequest({ ...launch, journal } as DebugProtocol.LaunchRequestArguments));
    assert.match(
      await refused('life.jsonl'),
      /"journal" must be the whole path of a file, not "life\.jsonl"/,
    );
    const nowhere = path.join(tmpdir(), 'no', 'such', 'folder', 'life.jsonl');
    assert.match(await refused(nowhere), /The journal cannot be written to/);
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
