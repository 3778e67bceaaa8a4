import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { diagnose, rules, slotRules } from '../../server/doctor/doctor';
import type { DirectionName } from '../../server/capture/pageLayouts';
import { quietDoorbell, Scene } from './scene';

describe('ring doctor', () => {
  it('has something to say of a ring that was never read', () => {
    const scene = new Scene();
    const unread = new Scene();
    Object.assign(unread.history, { samples: 0 });
    assert.equal(diagnose(unread.history, scene.nowMs)[0]!.rule, 'settling');
  });

  it('does not accuse a healthy ring, however it is used', () => {
    const act = fc.record({
      name: fc.constantFrom<DirectionName>('req', 'rsp'),
      bytes: fc.integer({ min: 1, max: 3_000 }),
      restMs: fc.integer({ min: 0, max: 3_000 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 25 }), fc.boolean(), (acts, isWorld) => {
        const scene = new Scene({
          startIndex: 2 ** 32 - 5_000,
          ...(isWorld ? { inside: quietDoorbell } : {}),
        });
        let told = 5;
        for (const { name, bytes, restMs } of acts) {
          for (let left = bytes; left > 0;) {
            left -= scene.page.produce(name, Buffer.alloc(left, left));
            scene.look();
            assert.equal(scene.say()[0]!.severity, 'fine');
            if (isWorld) scene.bell({ toldServer: ++told, toldGuest: told });
            scene.page.consume(name);
          }
          scene.wait(restMs);
          assert.equal(scene.say()[0]!.severity, 'fine');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('says something of every page, and never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.integer({ min: 0, max: 31 }), { maxLength: 10 }),
        fc.constantFrom<'xenstore' | 'console'>('xenstore', 'console'),
        (words, changes, kind) => {
          const scene = new Scene({ kind });
          scene.page.bytes.set(
            words.subarray(0, scene.page.layout.wordsBytes),
            scene.page.layout.wordsOffset,
          );
          for (const at of changes) {
            scene.wait(300);
            assert.ok(scene.say().length > 0);
            scene.page.bytes[scene.page.layout.wordsOffset + at]! ^= 1 << (at % 8);
          }
          scene.wait(300);
          for (const { rule, text, evidence } of scene.say()) {
            assert.ok(rules.some(({ id }) => id === rule));
            assert.ok(text.length > 0 && evidence.length > 0);
            assert.doesNotMatch([text, ...evidence].join(' '), /undefined|NaN|\[object/);
          }
        },
      ),
    );
  });

  it('has one rule per file', () => {
    const filesIn = (folder: string) => readdirSync(path.resolve(__dirname, '../../server/doctor', folder));
    const rulesOfSlots = slotRules.filter((rule) => !rules.includes(rule));
    for (const [folder, those] of [
      ['rules', rules],
      ['slotRules', rulesOfSlots],
    ] as const) {
      assert.equal(filesIn(folder).length, those.length);
      assert.equal(new Set(those.map(({ id }) => id)).size, those.length);
    }
  });

  it('is described in the documentation, rule by rule', () => {
    const text = readFileSync(path.resolve(__dirname, '../../docs/rings.md'), 'utf8');
    for (const { id } of [...rules, ...slotRules])
      assert.ok(text.includes(`\`${id}\``), `docs/rings.md does not tell of ${id}`);
  });
});
