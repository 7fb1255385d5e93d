// The pipeline as a graph: sources left, outputs right, and on each edge how many items a second flow.

const BOX = { width: 160, height: 46 }, GAP = { x: 110, y: 16 };
const SVG = "http://www.w3.org/2000/svg";

export class Flow {
  constructor(place) {
    this.place = place;
    this.shape = "";
  }

  show(told) {
    const nodes = nodesOf(told);
    const shape = JSON.stringify([nodes.map((n) => n.name), told.edges.map((e) => [e.from, e.to])]);
    if (shape !== this.shape) this.build(nodes, told.edges, shape);
    for (const node of nodes) {
      const drawn = this.boxes.get(node.key);
      drawn.classList.toggle("failing", node.failing);
      drawn.querySelector(".sub").textContent = short(node.sub, 21);
    }
    told.edges.forEach((edge, i) => {
      const { line, label } = this.edges[i];
      label.textContent = rate(edge.rate);
      line.classList.toggle("flowing", edge.rate > 0);
      line.style.setProperty("--pace", `${Math.min(3, Math.max(0.25, 6 / (edge.rate || 1))).toFixed(2)}s`);
      line.style.strokeWidth = edge.rate > 0 ? 2.4 : 1.2;
    });
  }

  build(nodes, edges, shape) {
    this.shape = shape;
    const columns = layers(nodes, edges);
    const tallest = Math.max(...columns.map((column) => column.length));
    const width = columns.length * BOX.width + (columns.length - 1) * GAP.x;
    const height = tallest * BOX.height + (tallest - 1) * GAP.y + 4;
    const svg = make("svg", { width, height, viewBox: `-2 -2 ${width + 4} ${height + 4}`, role: "img", "aria-label": "pipeline" });
    const at = new Map();
    columns.forEach((column, c) => {
      const free = height - column.length * BOX.height - (column.length - 1) * GAP.y;
      column.forEach((node, r) => at.set(node.key, { x: c * (BOX.width + GAP.x), y: free / 2 + r * (BOX.height + GAP.y) }));
    });
    this.edges = edges.map((edge) => {
      const from = at.get(key(nodes, edge.from, true)), to = at.get(key(nodes, edge.to, false));
      const x1 = from.x + BOX.width, y1 = from.y + BOX.height / 2, x2 = to.x, y2 = to.y + BOX.height / 2;
      const bend = (x2 - x1) / 2;
      const line = make("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
      const label = make("text", { class: "rate", x: (x1 + x2) / 2, y: (y1 + y2) / 2 + 4, "text-anchor": "middle" });
      svg.append(line);
      return { line, label };
    });
    this.edges.forEach(({ label }) => svg.append(label));
    this.boxes = new Map(nodes.map((node) => {
      const { x, y } = at.get(node.key);
      const box = make("g", { class: node.stage ? "stage" : "device", transform: `translate(${x} ${y})` });
      const name = make("text", { x: 12, y: 20 });
      name.textContent = short(node.name, 18);
      box.append(make("rect", { width: BOX.width, height: BOX.height, rx: 10 }), name, make("text", { class: "sub", x: 12, y: 36 }));
      svg.append(box);
      return [node.key, box];
    }));
    this.place.replaceChildren(svg);
  }
}

// A source may bear the name of the stage it feeds, so a node's key says which it is.
function nodesOf(told) {
  const drawn = new Set(told.edges.flatMap((edge) => [edge.from, edge.to]));
  const devices = told.drivers.filter((d) => drawn.has(d.name) && d.kind !== "meter").map((d) => ({ name: d.name, key: `device ${d.name}`, sub: d.driver, failing: !d.works, stage: false }));
  const stages = told.streams.map((s) => ({ name: s.name, key: `stage ${s.name}`, sub: s.plan?.variant || "function", failing: s.status === "fault", stage: true }));
  const known = new Set([...devices, ...stages].map((node) => node.name));
  const others = [...drawn].filter((name) => !known.has(name)).map((name) => ({ name, key: `device ${name}`, sub: "", failing: false, stage: false }));
  return [...devices, ...stages, ...others];
}

function key(nodes, name, asSource) {
  const found = nodes.filter((node) => node.name === name);
  return (found.length > 1 ? found.find((node) => node.stage !== asSource) : found[0]).key;
}

function layers(nodes, edges) {
  const depth = new Map(nodes.map((node) => [node.key, 0]));
  for (let turn = 0; turn < nodes.length; turn++)
    for (const edge of edges) {
      const from = key(nodes, edge.from, true), to = key(nodes, edge.to, false);
      depth.set(to, Math.max(depth.get(to), depth.get(from) + 1));
    }
  const columns = [];
  for (const node of nodes) (columns[depth.get(node.key)] ??= []).push(node);
  return untangled(columns.filter(Boolean), nodes, edges);
}

// Sources in the order of what they feed, and whatever is fed beside what feeds it: few edges cross.
function untangled(columns, nodes, edges) {
  const ends = edges.map((edge) => [key(nodes, edge.from, true), key(nodes, edge.to, false)]);
  const row = new Map(columns[0].map((node) => [node.key, ends.findIndex(([from]) => from === node.key)]));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  columns.forEach((column, c) => {
    if (c) for (const node of column) row.set(node.key, mean(ends.filter(([, to]) => to === node.key).map(([from]) => row.get(from))));
    column.sort((a, b) => row.get(a.key) - row.get(b.key));
    column.forEach((node, r) => row.set(node.key, r));
  });
  return columns;
}

function make(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const rate = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
