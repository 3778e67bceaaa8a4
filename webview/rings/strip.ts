/** The strip chart: how full each direction was in the last two minutes. The only file that knows uPlot. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { historyMs, type History } from './history';
import type { Palette } from './palette';

const heightPixels = 120;
/** Seconds. */
const marksAgo = [120, 90, 60, 30, 0];

export class Strip {
  private chart: uPlot | undefined;
  private latest = 0;

  constructor(
    private readonly host: HTMLElement,
    private readonly history: History,
    private readonly names: readonly string[],
    private readonly palette: () => Palette,
  ) {
    new ResizeObserver(() => this.resize()).observe(host);
  }

  /** Makes the chart anew, in the colours of the theme as it is now. */
  rebuild(): void {
    this.chart?.destroy();
    this.chart = undefined;
    this.draw(this.latest);
  }

  draw(nowMs: number): void {
    this.latest = nowMs;
    if (this.host.clientWidth === 0 || this.history.isEmpty) return;
    this.chart ??= new uPlot(this.options(), this.data(), this.host);
    this.chart.setData(this.data(), false);
    const nowSeconds = nowMs / 1000;
    this.chart.setScale('x', { min: nowSeconds - historyMs / 1000, max: nowSeconds });
  }

  private resize(): void {
    if (!this.chart) return this.draw(this.latest);
    this.chart.setSize({ width: this.host.clientWidth, height: heightPixels });
  }

  private data(): uPlot.AlignedData {
    return [this.history.times, ...this.history.levels] as uPlot.AlignedData;
  }

  private options(): uPlot.Options {
    const palette = this.palette();
    const axis: uPlot.Axis = {
      stroke: palette.dim,
      font: palette.font(0.85),
      grid: { stroke: palette.grid, width: 1, dash: palette.isHighContrast ? [1, 4] : [] },
      ticks: { stroke: palette.grid, width: 1, size: 4 },
    };
    return {
      width: this.host.clientWidth,
      height: heightPixels,
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true, auto: false }, y: { auto: false, range: [0, 100] } },
      axes: [
        {
          ...axis,
          size: 26,
          splits: () => marksAgo.map((ago) => this.latest / 1000 - ago),
          values: (_chart, seconds) => seconds.map((second) => this.agoText(second)),
        },
        {
          ...axis,
          size: 44,
          splits: () => [0, 50, 100],
          values: (_chart, levels) => levels.map((one) => `${one} %`),
        },
      ],
      series: [
        {},
        ...this.names.map((label, index) => ({
          label,
          stroke: palette.directions[index === 0 ? 0 : 1],
          width: 1.5,
          // Two lines must be told apart without their colours as well.
          dash: index === 0 ? [] : [5, 3],
          points: { show: false },
        })),
      ],
    };
  }

  private agoText(second: number): string {
    const ago = Math.round(this.latest / 1000 - second);
    return ago <= 0 ? 'now' : `−${ago} s`;
  }
}
