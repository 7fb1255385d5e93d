// Small line charts of the last five minutes: inline SVG, one a figure.

const SECONDS = 300;
const WIDTH = 300, HEIGHT = 80;
const SVG = "http://www.w3.org/2000/svg";

// name, unit, how many digits, least top of the scale, and which figures of a row it shows
const CHARTS = [
  { title: "Results", unit: "fps", digits: 1, top: 5, of: (row) => row.streams.map((s) => [s.name, s.results]) },
  { title: "Age of the newest", unit: "ms", digits: 0, top: 50, of: (row) => row.streams.map((s) => [s.name, s.age === null ? null : s.age * 1e3]) },
  { title: "Misses", unit: "a second", digits: 1, top: 1, of: (row) => row.streams.map((s) => [s.name, s.missed]) },
  { title: "Power", unit: "W", digits: 2, top: 2, bound: "limit", of: (row) => [["", row.watts]] },
  { title: "CPU used", unit: "cores", digits: 2, top: 1, of: (row) => [["", row.cpu]] },
  { title: "Temperature", unit: "°C", digits: 0, top: 80, optional: true, of: (row) => [["", row.celsius]] },
];

export class Charts {
  constructor(place) {
    this.rows = [];
    this.place = place;
    this.drawn = CHARTS.map((chart) => this.make(chart, place));
  }

  make(chart, place) {
    const card = element("figure", "card chart");
    card.style.margin = "0";
    const header = element("header");
    const title = element("h2", "", chart.title);
    const now = element("span", "now", "–");
    header.append(title, now);
    const plot = element("div", "plot");
    const svg = document.createElementNS(SVG, "svg");
    for (const [name, value] of [["viewBox", `0 0 ${WIDTH} ${HEIGHT}`], ["preserveAspectRatio", "none"], ["role", "img"], ["aria-label", chart.title]]) svg.setAttribute(name, value);
    const top = element("span", "top"), base = element("span", "base", "0");
    plot.append(svg, top, base);
    const key = element("figcaption", "key");
    card.append(header, plot, key);
    place.append(card);
    return { chart, card, svg, now, top, key, title };
  }

  // columns as /history.json gives them
  load(columns) {
    this.rows = columns.t.map((t, i) => ({
      t, watts: columns.watts[i], celsius: columns.celsius[i], cpu: columns.cpu[i], limit: null,
      streams: Object.entries(columns.streams).map(([name, s]) => ({ name, results: s.results[i], missed: s.missed[i], age: s.age[i] })),
    }));
  }

  add(row) {
    const last = this.rows.at(-1);
    if (last && row.t - last.t < 0.9) return false;
    this.rows.push(row);
    while (row.t - this.rows[0].t > SECONDS) this.rows.shift();
    return true;
  }

  draw() {
    if (!this.rows.length) return;
    for (const drawn of this.drawn) this.redraw(drawn);
    this.place.dataset.shown = this.drawn.filter(({ card }) => !card.hidden).length;
  }

  redraw({ chart, card, svg, now, top, key }) {
    const newest = this.rows.at(-1);
    const series = chart.of(newest).map(([name], i) => ({ name, points: this.rows.map((row) => [row.t, chart.of(row)[i]?.[1] ?? null]) }));
    const bound = chart.bound ? newest[chart.bound] : null;
    const most = Math.max(chart.top, bound ?? 0, ...series.flatMap((s) => s.points.map(([, v]) => v ?? 0)));
    const scale = nice(most);
    const end = newest.t;
    const y = (v) => HEIGHT - (v / scale) * HEIGHT;
    const span = Math.min(SECONDS, Math.max(60, end - this.rows[0].t));
    const parts = [0, 0.5, 1].map((share) => `<line class="grid" x1="0" x2="${WIDTH}" y1="${share * HEIGHT}" y2="${share * HEIGHT}"/>`);
    if (bound !== null) parts.push(`<line class="bound" x1="0" x2="${WIDTH}" y1="${y(bound)}" y2="${y(bound)}"/>`);
    series.forEach((s, i) => parts.push(`<path class="c${i % 5}" d="${path(s.points, end, span, y)}"/>`));
    svg.innerHTML = parts.join("");
    card.hidden = chart.optional && series.every((s) => s.points.every(([, v]) => v === null));
    top.textContent = `${scale} ${scale === 1 ? chart.unit.replace(/s$/, "") : chart.unit}`;
    const last = series.map((s) => s.points.at(-1)[1]);
    const told = last.map((v) => (v === null ? "–" : v.toFixed(chart.digits)));
    now.textContent = series.length === 1 ? told[0] : "";
    svg.setAttribute("aria-label", `${chart.title}: ${series.map((s, i) => `${s.name} ${told[i]}`).join(", ")} ${chart.unit}`);
    if (series.length > 1) key.replaceChildren(...series.map((s, i) => element("span", `c${i % 5}`, `${s.name} ${told[i]}`)));
  }
}

function path(points, end, span, y) {
  let pen = "M";
  const parts = [];
  for (const [t, v] of points) {
    if (v === null) { pen = "M"; continue; }
    parts.push(`${pen}${(WIDTH - ((end - t) / span) * WIDTH).toFixed(1)} ${y(v).toFixed(1)}`);
    pen = "L";
  }
  return parts.join("");
}

// a round number that is not less
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const top = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((n) => n * power >= value) * power;
  return Number(top.toPrecision(2));
}

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
