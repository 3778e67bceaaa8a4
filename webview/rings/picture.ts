/** Draws one direction as a real ring. It only draws; what it shows is told in words beside it. */
import { angleOf, fullTurn, glide, queuedArc, separated, type PictureState } from './geometry';
import { grouped, isReadable, percent } from './numbers';
import type { Palette } from './palette';
import { endName } from './words';

/** Wider than high: beside the ring there must be room for names. */
const maxWidth = 420;
const maxHeight = 320;
/** A part of the way per frame: about a tenth of a second to get there. */
const glidePart = 0.35;
const labelsApart = 0.6;
const labelGap = 18;

/** How far the picture goes from its middle. */
interface Reach {
  readonly x: number;
  readonly y: number;
}

/** What the two sides do, and what a full ring means. */
export interface PictureWords {
  readonly writes: string;
  readonly reads: string;
  /** Full is how it rests. */
  readonly isFullFine?: boolean;
  /** Its places are told apart, where there are not too many. */
  readonly hasCells?: boolean;
}

const bytesWords: PictureWords = { writes: 'writes', reads: 'reads' };
/** More than these would be lines without anything between them. */
const maxCells = 64;

export class RingPicture {
  readonly canvas = document.createElement('canvas');
  private state: PictureState | undefined;
  private shownProd = 0;
  private shownCons = 0;
  private frame = 0;

  constructor(
    private readonly index: 0 | 1,
    private readonly palette: () => Palette,
    private readonly moves: () => boolean,
    private readonly words: PictureWords = bytesWords,
  ) {
    this.canvas.setAttribute('role', 'img');
    this.canvas.className = 'ring';
  }

  show(state: PictureState): void {
    const before = this.state;
    this.state = state;
    if (!before || !this.moves()) {
      this.shownProd = state.prod;
      this.shownCons = state.cons;
    }
    this.drawSoon();
  }

  drawSoon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.step();
    });
  }

  private step(): void {
    const { state } = this;
    if (!state) return;
    const { size, prod, cons } = state;
    const hasPlace = isReadable(state);
    this.shownProd = hasPlace ? glide(this.shownProd, prod, size, glidePart) : prod;
    this.shownCons = hasPlace ? glide(this.shownCons, cons, size, glidePart) : cons;
    const distance = (this.shownProd - this.shownCons) >>> 0;
    const used = !hasPlace ? 0 : distance > size ? state.used : distance;
    this.draw({ ...state, prod: this.shownProd, cons: this.shownCons, used }, state);
    if (hasPlace && (this.shownProd !== prod || this.shownCons !== cons)) this.drawSoon();
  }

  /** `shown` is on its way to `now`: the numbers are those of now. */
  private draw(shown: PictureState, now: PictureState): void {
    const wide = Math.min(maxWidth, this.canvas.clientWidth || maxWidth);
    const high = (wide * maxHeight) / maxWidth;
    const scale = window.devicePixelRatio || 1;
    const [columns, rows] = [Math.round(wide * scale), Math.round(high * scale)];
    if (this.canvas.width !== columns) this.canvas.width = columns;
    if (this.canvas.height !== rows) this.canvas.height = rows;
    const context = this.canvas.getContext('2d');
    if (!context) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, wide, high);
    const radius = high * 0.335;
    const width = high * 0.095;
    context.translate(wide / 2, high / 2);
    this.band(context, shown, radius, width);
    this.labels(context, shown, radius, width, { x: wide / 2, y: high / 2 });
    this.middle(context, now);
  }

  private band(context: CanvasRenderingContext2D, shown: PictureState, radius: number, width: number): void {
    const palette = this.palette();
    const colour = palette.directions[this.index];
    circle(context, radius, width, palette.track);
    if (!isReadable(shown)) {
      context.setLineDash([6, 5]);
      circle(context, radius, width, shown.insane ? palette.error : palette.dim);
      context.setLineDash([]);
    }
    const arc = queuedArc(shown);
    if (arc) {
      context.beginPath();
      context.arc(0, 0, radius, arc.from, arc.to);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
    if (this.words.hasCells && shown.size <= maxCells) {
      for (let cell = 0; cell < shown.size; cell++) {
        spoke(context, angleOf(cell, shown.size), radius - width / 2, radius + width / 2, palette.gap, 1.5);
      }
    }
    for (const edge of [radius - width / 2, radius + width / 2]) circle(context, edge, 1, palette.border);
    // Where the array ends and begins: a quarter each, and the seam longer than the others.
    for (let quarter = 0; quarter < 4; quarter++) {
      const reach = quarter === 0 ? 7 : 3;
      spoke(
        context,
        angleOf(quarter, 4),
        radius - width / 2 - reach,
        radius + width / 2 + reach,
        palette.dim,
        1,
      );
    }
    label(context, '0', angleOf(0, 1), radius - width / 2 - 14, palette.dim, palette.font(0.85));
  }

  private labels(
    context: CanvasRenderingContext2D,
    shown: PictureState,
    radius: number,
    width: number,
    reach: Reach,
  ): void {
    if (!isReadable(shown)) return;
    const palette = this.palette();
    const { size, prod, cons } = shown;
    const [producer, consumer] = [shown.producer, shown.consumer].map(endName);
    const writes = angleOf(prod, size);
    const reads = angleOf(cons, size);
    const [writesLabel, readsLabel] = separated(writes, reads, labelsApart);
    const outer = radius + width / 2;
    pointer(context, writes, outer, 9, palette.directions[this.index], true);
    pointer(context, reads, outer, 9, palette.foreground, false);
    sideLabel(
      context,
      [producer!, this.words.writes],
      writesLabel,
      outer + labelGap,
      reach,
      palette.foreground,
      palette.font(0.92),
    );
    sideLabel(
      context,
      [consumer!, this.words.reads],
      readsLabel,
      outer + labelGap,
      reach,
      palette.foreground,
      palette.font(0.92),
    );
  }

  private middle(context: CanvasRenderingContext2D, now: PictureState): void {
    const palette = this.palette();
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    if (now.insane) {
      centred(context, 'insane', -8, palette.error, palette.font(1.5));
      centred(context, 'indices', 14, palette.error, palette.font(1));
      return;
    }
    if (now.unknown) {
      centred(context, '?', -8, palette.foreground, palette.font(1.9));
      centred(context, 'being set anew', 16, palette.dim, palette.font(0.92));
      return;
    }
    const isTooFull = now.used >= now.size && !this.words.isFullFine;
    const colour = isTooFull ? palette.warning : palette.foreground;
    centred(context, `${percent(now.used, now.size)} %`, -8, colour, palette.font(1.9));
    const of = `${grouped(now.used)} of ${grouped(now.size)}`;
    centred(context, of, 16, palette.dim, palette.font(0.92));
  }
}

function circle(context: CanvasRenderingContext2D, radius: number, width: number, colour: string): void {
  context.beginPath();
  context.arc(0, 0, radius, 0, fullTurn);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

function spoke(
  context: CanvasRenderingContext2D,
  angle: number,
  from: number,
  to: number,
  colour: string,
  width: number,
): void {
  context.beginPath();
  context.moveTo(Math.cos(angle) * from, Math.sin(angle) * from);
  context.lineTo(Math.cos(angle) * to, Math.sin(angle) * to);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

/** A small triangle that points at the band; hollow for who reads. */
function pointer(
  context: CanvasRenderingContext2D,
  angle: number,
  radius: number,
  size: number,
  colour: string,
  filled: boolean,
): void {
  context.save();
  context.rotate(angle);
  context.beginPath();
  context.moveTo(radius + 1, 0);
  context.lineTo(radius + 1 + size, -size * 0.55);
  context.lineTo(radius + 1 + size, size * 0.55);
  context.closePath();
  context.lineWidth = 1.5;
  context.strokeStyle = context.fillStyle = colour;
  if (filled) context.fill();
  context.stroke();
  context.restore();
}

function label(
  context: CanvasRenderingContext2D,
  text: string,
  angle: number,
  radius: number,
  colour: string,
  font: string,
): void {
  context.font = font;
  context.fillStyle = colour;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(text, Math.cos(angle) * radius, Math.sin(angle) * radius);
}

/** Two short lines outside the ring, kept within the picture. */
function sideLabel(
  context: CanvasRenderingContext2D,
  lines: readonly string[],
  angle: number,
  radius: number,
  reach: Reach,
  colour: string,
  font: string,
): void {
  context.font = font;
  context.fillStyle = colour;
  context.textBaseline = 'middle';
  const widest = Math.max(...lines.map((line) => context.measureText(line).width));
  const across = Math.cos(angle);
  context.textAlign = 'center';
  const half = widest / 2;
  const x = Math.cos(angle) * (radius + half * Math.abs(across));
  const y = Math.sin(angle) * (radius + 8 * Math.abs(Math.sin(angle)));
  const inside = Math.max(-reach.x + half + 1, Math.min(reach.x - half - 1, x));
  const below = Math.max(-reach.y + 16, Math.min(reach.y - 16, y));
  for (const [index, line] of lines.entries()) context.fillText(line, inside, below + (index - 0.5) * 14);
}

function centred(
  context: CanvasRenderingContext2D,
  text: string,
  y: number,
  colour: string,
  font: string,
): void {
  context.font = font;
  context.fillStyle = colour;
  context.fillText(text, 0, y);
}
