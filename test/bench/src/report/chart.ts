import { figureOf, type Results } from '../results.ts';
import { messageFigures } from '../scenarios/messages.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { targets } from '../targets/index.ts';
import type { TargetName } from '../targets/target.ts';
import { inDigits } from './numbers.ts';

const WIDTH = 860;
const LABELS = 250;
const VALUES = 80;
const BAR = 11;
const GAP = 12;
const TOP = 40;
const FONT = 'font-family="system-ui, sans-serif" font-size="11"';

/** To be told apart by those who see few colours, on a light ground. */
const colours: Readonly<Record<TargetName, string>> = {
  carillon: '#d1495b',
  mosquitto: '#30638e',
  aedes: '#8d99ae',
  relay: '#d9d2c5',
};

interface Bar {
  readonly target: TargetName;
  readonly rate: number;
}

/** Messages a second of every scenario that has them, as bars on a logarithmic scale. */
export function chartOf(scenarios: readonly Scenario[], results: Results): string {
  const groups = scenarios
    .filter(({ figures }) => figures === messageFigures)
    .map(({ name, title }) => ({ title, bars: barsOf(name, results) }))
    .filter(({ bars }) => bars.length > 0);
  const rates = groups.flatMap(({ bars }) => bars.map(({ rate }) => rate));
  const scale = logarithmic(Math.min(...rates), Math.max(...rates));
  let y = TOP;
  const drawn = groups.map(({ title, bars }) => {
    const top = y;
    y += bars.length * BAR + GAP;
    return [
      `<text x="${LABELS - 8}" y="${top + (bars.length * BAR) / 2 + 4}" text-anchor="end">${escaped(title)}</text>`,
      ...bars.map((bar, index) => drawnBar(bar, top + index * BAR, scale(bar.rate))),
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" ${FONT}>
<title>Messages a second by scenario and broker</title>
<rect width="${WIDTH}" height="${y}" fill="#fff"/>
${legend(results)}
${drawn.join('\n')}
</svg>
`;
}

function barsOf(scenario: string, results: Results): Bar[] {
  return targets
    .map(({ name }) => ({ target: name, rate: figureOf(results, scenario, name, 'rate') }))
    .filter(({ rate }) => rate > 0);
}

/** From the power of ten below the least, so that the shortest bar is still one. */
function logarithmic(least: number, most: number): (value: number) => number {
  const from = Math.floor(Math.log10(least)) - 0.5;
  const width = WIDTH - LABELS - VALUES;
  return (value) => Math.round((width * (Math.log10(value) - from)) / (Math.log10(most) - from));
}

function drawnBar({ target, rate }: Bar, y: number, width: number): string {
  const bar = `<rect x="${LABELS}" y="${y}" width="${width}" height="${BAR - 2}" fill="${colours[target]}"/>`;
  return `${bar}<text x="${LABELS + width + 4}" y="${y + BAR - 2}">${inDigits(rate)}</text>`;
}

function legend({ versions }: Results): string {
  const shown = targets.filter(({ name }) => versions[name] !== undefined);
  const entries = shown.map(({ name, title }, index) => {
    const x = LABELS + index * 130;
    return `<rect x="${x}" y="14" width="10" height="10" fill="${colours[name]}"/><text x="${x + 15}" y="23">${title}</text>`;
  });
  return [`<text x="8" y="23">messages a second, logarithmic</text>`, ...entries].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '');
}
