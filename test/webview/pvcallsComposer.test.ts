import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {
  ComposerEntry,
  ComposerField,
  ComposerForm,
  ComposerSocket,
  ComposerState,
} from '../../server/rpc/api';
import { composerForms } from '../../server/act/pvcalls/forms';
import { composerLayouts } from '../../server/rpc/pvcallsLayouts';
import { formatPvCallsAddress } from '../../server/wire/pvcalls/address';
import { writePvCallsRequest, writePvCallsResponse } from '../../server/wire/pvcalls/slots';
import {
  type FormDraft,
  afterSending,
  emptyDraft,
  favouriteOf,
  requestOf,
  suggestionsFor,
  valueOf,
  withChoice,
  withField,
  withRequest,
  withoutTyped,
} from '../../webview/pvcallsComposer/draft';
import { History, type HistoryLine, maxHistoryLines } from '../../webview/pvcallsComposer/history';
import { keptHistory } from '../../webview/pvcallsComposer/kept';
import { countText, editable, partsOf, requestFields } from '../../webview/pvcallsComposer/slotBytes';
import {
  favouriteHover,
  latencyText,
  levelText,
  noConsoleText,
  noSocketsText,
  outcomeText,
  shortLevel,
  statesText,
} from '../../webview/pvcallsComposer/words';

const socket = (id: string, can: ComposerSocket['can'], text = 'made'): ComposerSocket => ({
  id,
  phase: 'made',
  text,
  can,
});
const state = {
  sockets: [
    socket('1', ['connect', 'release']),
    socket('2', ['accept', 'release'], 'listening'),
    socket('3', ['connect']),
  ],
  kept: [{ ref: 40, evtchn: 7, order: 2 }],
  suggested: { newId: '4', connectTo: '127.0.0.1:80', bindTo: '0.0.0.0:8080' },
};
const formOf = (command: ComposerForm['command']) => composerForms.find((form) => form.command === command)!;
const fieldOf = (command: ComposerForm['command'], name: string): ComposerField =>
  formOf(command).fields.find((field) => field.name === name)!;
const choose = (choice: FormDraft['choice'], draft = emptyDraft) => withChoice(draft, choice);

describe('the form of a command', () => {
  it('shows what is suggested until something is typed, then that', () => {
    const id = fieldOf('connect', 'id');
    assert.equal(valueOf(id, 'connect', emptyDraft, state), '3', 'the newest that can be connected');
    const typed = withField(choose('connect'), 'connect', 'id', '');
    assert.equal(valueOf(id, 'connect', typed, state), '', 'also nothing can be typed');
    assert.equal(valueOf(fieldOf('socket', 'id'), 'socket', emptyDraft, state), '4');
    assert.equal(valueOf(fieldOf('bind', 'address'), 'bind', emptyDraft, state), '0.0.0.0:8080');
    assert.equal(valueOf(fieldOf('listen', 'backlog'), 'listen', emptyDraft, undefined), '16');
    assert.equal(valueOf(fieldOf('connect', 'pages'), 'connect', emptyDraft, state), '', 'new pages');
  });

  it('offers the sockets that the command suits, the newest first, and pages that were kept', () => {
    const values = (command: ComposerForm['command'], name: string) =>
      suggestionsFor(fieldOf(command, name), command, state).map(({ value }) => value);
    assert.deepEqual(values('connect', 'id'), ['3', '1']);
    assert.deepEqual(values('release', 'id'), ['2', '1']);
    assert.deepEqual(values('poll', 'id'), []);
    assert.deepEqual(values('accept', 'pages'), ['40']);
    const many = { ...state, sockets: Array.from({ length: 500 }, (_, at) => socket(String(at), ['poll'])) };
    assert.equal(suggestionsFor(fieldOf('poll', 'id'), 'poll', many).length, 8);
  });

  it('offers the addresses at which guests listen', () => {
    const address = fieldOf('connect', 'address');
    const listeners = ['10.0.0.1:80', '10.0.0.1:7'];
    const offered = (connectTo: string) =>
      suggestionsFor(address, 'connect', {
        ...state,
        suggested: { ...state.suggested, connectTo, listeners },
      });
    assert.deepEqual(
      offered('10.0.0.1:7').map(({ label }) => label),
      ['10.0.0.1:7: a guest listens there', '10.0.0.1:80: a guest listens there'],
    );
    assert.equal(offered('127.0.0.1:80')[0]!.label, '127.0.0.1:80');
  });

  it('is sent with all that it shows', () => {
    const typed = withField(choose('connect'), 'connect', 'address', '10.0.0.1:443');
    const request = requestOf(typed, composerForms, state);
    assert.ok(request.kind === 'fields' && request.command === 'connect');
    assert.deepEqual(
      Object.keys(request.fields),
      formOf('connect').fields.map(({ name }) => name),
    );
    assert.equal(request.fields['id'], '3');
    assert.equal(request.fields['address'], '10.0.0.1:443');
    const raw = { ...choose('raw'), slot: '00 01' };
    assert.deepEqual(requestOf(raw, composerForms, state), { kind: 'raw', slot: '00 01' });
  });

  it('forgets the numbers of sockets once it is sent, and nothing else', () => {
    const typed = withField(
      withField(choose('connect'), 'connect', 'id', '9'),
      'connect',
      'address',
      '10.0.0.1:443',
    );
    const sent = requestOf(typed, composerForms, state);
    const after = (draft: FormDraft) => afterSending(draft, composerForms, sent).typed;
    assert.deepEqual(after(typed).connect, { address: '10.0.0.1:443' });
    // Another command was chosen meanwhile, and another number was typed.
    const other = withField(choose('socket', typed), 'socket', 'id', '9');
    assert.deepEqual(after(other), { connect: { address: '10.0.0.1:443' }, socket: { id: '9' } });
    assert.equal(after(withField(typed, 'connect', 'id', '8')).connect!['id'], '8');
    const raw = { ...choose('raw'), slot: '00' };
    assert.equal(afterSending(raw, composerForms, { kind: 'raw', slot: '00' }), raw);
  });

  it('is a favourite by what was typed, and is filled with one again', () => {
    const typed = withField(choose('bind'), 'bind', 'address', '0.0.0.0:1');
    const favourite = favouriteOf(typed);
    assert.deepEqual(favourite, { kind: 'fields', command: 'bind', fields: { address: '0.0.0.0:1' } });
    const again = withRequest(choose('poll'), favourite);
    assert.equal(again.choice, 'bind');
    assert.equal(valueOf(fieldOf('bind', 'address'), 'bind', again, state), '0.0.0.0:1');
    const raw = { ...choose('raw'), slot: 'ff' };
    assert.deepEqual(withRequest(emptyDraft, favouriteOf(raw)).slot, 'ff');
    assert.deepEqual(withoutTyped(again).typed.bind, {});
    assert.equal(withoutTyped(raw).slot, '');
  });
});

describe('the bytes of a slot', () => {
  const address = formatPvCallsAddress({ host: '10.0.0.1', port: 443 });
  const connect = writePvCallsRequest(7, {
    cmd: 'connect',
    id: 0x1_0000_0001n,
    address,
    addressLengthBytes: 16,
    flags: 0,
    ref: 40,
    evtchn: 9,
  }).toString('hex');

  it('are marked with the names of the fields and what they say', () => {
    const parts = partsOf(connect, requestFields(connect, composerLayouts));
    const said = Object.fromEntries(parts.map(({ field, value }) => [field?.name ?? 'rest', value]));
    assert.equal(said['req_id'], '7');
    assert.equal(said['cmd'], '1');
    assert.equal(said['u.connect.id'], '4294967297');
    assert.equal(said['u.connect.addr'], '10.0.0.1:443');
    assert.equal(said['u.connect.ref'], '40');
    assert.ok('rest' in said, 'what no field has is shown as well');
    const bytes = parts.map(({ hex }) => hex).join(' ');
    assert.equal(bytes.replaceAll(' ', ''), connect);
  });

  it('of a response have the errno with its sign', () => {
    const slot = writePvCallsResponse({ reqId: 7, cmd: 1, ret: -111, id: 3n }).toString('hex');
    const parts = partsOf(slot, composerLayouts.response);
    assert.equal(parts.find(({ field }) => field?.name === 'ret')?.value, '-111');
  });

  it('of a command that nobody knows have its number and no more', () => {
    const slot = `00000000 63000000 ${'00'.repeat(56)}`;
    assert.deepEqual(
      requestFields(slot, composerLayouts).map(({ name }) => name),
      ['req_id', 'cmd'],
    );
  });

  it('are parted without loss, whatever they are and however many', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const slot = Buffer.from(bytes).toString('hex');
        const parts = partsOf(slot, requestFields(slot, composerLayouts));
        assert.equal(parts.map(({ hex }) => hex.replaceAll(' ', '')).join(''), slot);
      }),
    );
    assert.deepEqual(partsOf('no digits', []), []);
  });

  it('are counted while they are typed', () => {
    assert.equal(countText('00 '.repeat(64)), '64 of 64 bytes.');
    assert.equal(countText('0001'), '2 of 64 bytes; the rest is filled up with zeros.');
    assert.match(countText('00'.repeat(65)), /^65 bytes: a slot has 64/);
    assert.equal(countText('0x0g'), '');
  });

  it('are written in lines of sixteen to be edited', () => {
    assert.equal(editable(connect).split('\n').length, 4);
    assert.match(editable(connect), /^07 00 00 00 01 00 00 00 {2}01 00 00 00 01 00 00 00\n/);
    assert.equal(editable(connect).replace(/\s/g, ''), connect);
    assert.equal(editable('zz'), 'zz');
  });
});

describe('the history of a composer', () => {
  const entry = (number: number, phase: ComposerEntry['phase'] = 'answered'): ComposerEntry => ({
    number,
    timeMs: number,
    title: 'POLL',
    phase,
    text: 'Poll socket 1: done.',
    severity: 'fine',
  });
  const numbers = (lines: readonly HistoryLine[]) =>
    lines.map(({ session, entry: one }) => `${session}:${one.number}`);

  it('keeps the lines of each session in their order, each once', () => {
    const history = new History();
    history.take(1, [entry(1, 'sent'), entry(2)]);
    history.take(2, [entry(1)]);
    history.take(2, [entry(3), entry(2)]);
    history.take(1, [entry(1)]);
    assert.deepEqual(numbers(history.lines), ['1:1', '1:2', '2:1', '2:2', '2:3']);
    assert.equal(history.lines[0]!.entry.phase, 'answered');
    assert.equal(history.lastSession, 2);
  });

  it('forgets the oldest, says so, and does not bring them back', () => {
    const history = new History();
    for (let number = 1; number <= maxHistoryLines + 5; number++) history.take(1, [entry(number)]);
    assert.equal(history.lines.length, maxHistoryLines);
    assert.equal(history.forgotten, 5);
    history.take(1, [entry(2)]);
    assert.equal(history.lines[0]!.entry.number, 6);
    assert.ok(keptHistory(history.lines).length < maxHistoryLines);
  });

  it('says of what was under way that it will not be answered', () => {
    const history = new History();
    history.take(1, [entry(1), entry(2, 'sent'), entry(3, 'waiting')]);
    history.end(1, 'It is over.');
    assert.deepEqual(
      history.lines.map(({ entry: { phase } }) => phase),
      ['answered', 'gone', 'gone'],
    );
  });
});

describe('the words of a composer', () => {
  const response = { reqId: 1, cmd: 1, id: '1', meaning: '', slot: '' };
  const entry = {
    number: 1,
    timeMs: 0,
    title: 'CONNECT',
    text: '',
    severity: 'fine',
    phase: 'answered',
  } as const;

  it('name how a command ended', () => {
    assert.equal(outcomeText({ ...entry, response: { ...response, ret: 0 } }), 'done');
    assert.equal(
      outcomeText({ ...entry, response: { ...response, ret: -111, errorName: 'ECONNREFUSED' } }),
      'ECONNREFUSED (−111)',
    );
    assert.equal(outcomeText({ ...entry, response: { ...response, ret: -4095 } }), '−4095');
    assert.equal(outcomeText({ ...entry, phase: 'sent' }), 'not answered yet');
    assert.equal(outcomeText({ ...entry, phase: 'gone' }), 'never answered');
  });

  it('name the states of both ends where they are told, and what is in flight', () => {
    const state = { slots: 32, inFlight: 1, waiting: 2 } as ComposerState;
    const states = (device: ComposerState['device']) => statesText({ ...state, device });
    assert.equal(
      states({ frontendState: 'Connected', backendState: 'InitWait' }),
      'Frontend: Connected · backend: InitWait · 1 of 32 slots in flight, 2 requests waiting for one',
    );
    assert.match(states({}), /^1 of 32 slots in flight/);
    assert.match(noConsoleText(1), /^One more socket has no console/);
    assert.match(noConsoleText(1200), /^1,200 more sockets have no console/);
  });

  it('name what a favourite fills in by the labels of the form', () => {
    const draft = { kind: 'fields', command: 'connect', fields: { address: '10.0.0.1:631' } } as const;
    assert.equal(favouriteHover({ name: 'it', draft }, composerForms), 'Address 10.0.0.1:631');
    const empty = { ...draft, fields: {} };
    assert.equal(favouriteHover({ name: 'it', draft: empty }, composerForms), 'All as it is suggested');
    assert.equal(favouriteHover({ name: 'it', draft: { kind: 'raw', slot: '00' } }, []), '00');
  });

  it('say why there is no socket, of whomever the ring is', () => {
    assert.match(noSocketsText('own'), /SOCKET makes one/);
    assert.match(noSocketsText('foreign'), /the guest’s/);
    assert.match(noSocketsText(undefined), /No session/);
  });

  it('tell how long it took, and how full a ring is', () => {
    assert.deepEqual([undefined, 0, 0.24, 12.4, 3_140].map(latencyText), [
      '',
      '< 1 ms',
      '0.2 ms',
      '12 ms',
      '3.1 s',
    ]);
    const level = { sizeBytes: 32_768, usedBytes: 312, error: 0 };
    assert.equal(levelText(level), '312 of 32,768 bytes, 1 %');
    assert.match(levelText({ ...level, error: -107, errorName: 'ENOTCONN' }), /1 %; ended \(ENOTCONN\)$/);
    assert.equal(shortLevel({ ...level, error: -107, errorName: 'ENOTCONN' }), '1 %, ended');
    assert.equal(shortLevel({ ...level, error: -104, errorName: 'ECONNRESET' }), '1 %, ECONNRESET');
    assert.equal(shortLevel({ ...level, error: -4095 }), '1 %, −4095');
    assert.equal(shortLevel({ sizeBytes: 1, error: 0 }), 'corrupt');
  });
});
