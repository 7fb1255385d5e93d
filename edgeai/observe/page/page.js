// Asks for the pipeline's figures twice a second and shows them; pictures come by themselves, as MJPEG.

import { Charts, element } from "./charts.js";
import { Flow } from "./flow.js";

const EVERY = 500; // ms
const MOST_LIVE = 4; // browsers open six connections to one server: the rest of the pictures are still ones
const MISSED = new Set(["superseded", "late", "fault"]);
const STATES = { running: "Running", paused: "Paused", fault: "Fault", finished: "Finished" };

const get = (id) => document.getElementById(id);
const charts = new Charts(get("charts"));
const flow = new Flow(get("flow"));
const cards = new Map();
let newest = null;
let typed = false;

// -- asking and commanding ----------------------------------------------------------

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(4000) });
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

async function command(name, body = {}) {
  try {
    const answer = await fetch(`commands/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Edgeai": "1" },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (!answer.ok) say(told.error);
    await look();
    return answer.ok;
  } catch {
    say("The command did not arrive.");
    return false;
  }
}

function say(text) {
  const toast = get("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.hidden = true; }, 6000);
}

async function look() {
  try {
    newest = await ask("stats.json");
    get("lost").hidden = true;
    show(newest);
  } catch {
    get("lost").hidden = false;
  }
}

async function run() {
  ask("history.json").then((columns) => charts.load(columns), () => { /* the charts begin empty */ });
  for (;;) {
    if (!document.hidden) await look();
    await new Promise((done) => setTimeout(done, EVERY));
  }
}

// -- showing ------------------------------------------------------------------------

function show(told) {
  document.title = `${told.title} – edgeai`;
  text("title", told.title);
  text("uptime", `up ${duration(told.uptime)}`);
  text("state", STATES[told.state]);
  get("state").dataset.state = document.body.dataset.is = told.state;
  const paused = told.state === "paused", pause = get("pause");
  pause.disabled = told.state === "finished";
  text("pause", paused ? "Resume" : "Pause");
  pause.setAttribute("aria-pressed", paused);
  showRecording(told);
  showPower(told);
  get("streams").classList.toggle("many", told.streams.length > MOST_LIVE);
  told.streams.forEach((stream, i) => showStream(stream, i));
  showSensors(told.sensors);
  showDrivers(told.drivers);
  flow.show(told);
  showDrops(told.streams);
  showJournal(told.journal, told.now);
  const row = { t: told.now, watts: told.power.watts, celsius: told.power.celsius, cpu: told.process.cpu, limit: told.power.limit,
    streams: told.streams.map((s) => ({ name: s.name, results: s.fps, missed: s.missed, age: s.age })) };
  if (charts.add(row)) charts.draw();
}

function showRecording({ recording, state }) {
  const button = get("record"), shown = get("recording");
  button.disabled = state === "finished";
  button.setAttribute("aria-pressed", recording !== null);
  text("record", recording ? "Stop recording" : "Record");
  shown.hidden = recording === null;
  if (recording) {
    text("recording", `${(recording.bytes / 1e6).toFixed(1)} MB`);
    shown.title = `${recording.path ?? "looking back"}, ${recording.frames} pictures`;
  }
}

function showPower({ power, process, schedule, offers }) {
  text("watts", power.watts.toFixed(2));
  text("basis", power.basis);
  get("basis").title = `by ${power.meter}`;
  const bar = get("limit-bar"), limit = power.limit;
  bar.hidden = limit === null;
  if (limit !== null) {
    bar.classList.toggle("over", power.watts > limit * 1.02);
    bar.firstElementChild.style.width = `${Math.min(100, (100 * power.watts) / limit)}%`;
  }
  text("limit", limit === null ? "no limit is set" : `of ${limit.toFixed(2)} W allowed`);
  text("celsius", power.celsius === null ? "–" : `${power.celsius.toFixed(0)} °C${power.throttled ? ", throttled" : ""}`);
  text("cpu", process.busy === null ? `${process.cpu.toFixed(2)} cores` : `${process.busy.toFixed(1)} cores busy`);
  text("memory", `${(process.memory / 1e6).toFixed(0)} MB`);
  text("energy", power.joules < 3600 ? `${power.joules.toFixed(0)} J` : `${(power.joules / 3600).toFixed(2)} Wh`);
  showSchedule(schedule, offers);
}

function showSchedule(schedule, offers) {
  const policy = get("policy"), names = Object.keys(offers.policies);
  if (policy.options.length !== names.length) policy.replaceChildren(...names.map((name) => new Option(name.replaceAll("_", " "), name)));
  if (!typed) {
    policy.value = schedule.policy;
    get("budget").value = schedule.budget ?? "";
  }
  get("budget").disabled = !offers.policies[policy.value];
}

function showStream(stream, i) {
  const card = cards.get(stream.name) ?? makeCard(stream.name);
  const put = (name, value) => { const at = card.querySelector(name); if (at.textContent !== value) at.textContent = value; };
  const status = card.querySelector(".status");
  status.dataset.state = stream.status;
  put(".status", stream.status);
  const picture = card.querySelector(".picture");
  picture.classList.toggle("seen", stream.picture);
  picture.classList.toggle("none", !stream.picture && stream.status === "fresh");
  if (stream.picture) showPicture(picture.querySelector("img"), stream.name, i < MOST_LIVE);
  card.querySelector(".fps").replaceChildren(stream.fps.toFixed(1), element("small", "", ` of ${stream.ready.toFixed(1)} fps`));
  put(".age", stream.age === null ? "–" : milliseconds(stream.age));
  put(".latency", stream.counts.delivered ? `${(stream.latency.p50 * 1e3).toFixed(1)} / ${milliseconds(stream.latency.p99)}` : "–");
  put(".missed", percent(stream.counts.miss_rate));
  put(".value", stream.value);
  showPlan(card, stream);
}

function makeCard(name) {
  const card = get("stream").content.cloneNode(true).firstElementChild;
  card.querySelector("h2").textContent = name;
  card.setAttribute("aria-label", name);
  const img = card.querySelector("img"), link = card.querySelector(".snapshot");
  img.alt = `what ${name} sees, annotated`;
  img.addEventListener("load", () => { if (img.naturalWidth) { img.width = img.naturalWidth; img.height = img.naturalHeight; } });
  link.href = `streams/${encodeURIComponent(name)}.jpg?keep=1`;
  link.setAttribute("aria-label", `Save a snapshot of ${name}`);
  get("streams").append(card);
  cards.set(name, card);
  return card;
}

function showPicture(img, name, live) {
  const place = `streams/${encodeURIComponent(name)}`;
  if (live) {
    if (!img.dataset.live) { img.dataset.live = "1"; img.src = `${place}.mjpeg`; }
  } else img.src = `${place}.jpg?t=${Date.now()}`;
}

function showPlan(card, { plan, ladder, why }) {
  if (!plan) return;
  const shares = new Map();
  for (const [variant, , share] of plan.shares) shares.set(variant, (shares.get(variant) ?? 0) + share);
  const names = ladder.length ? [...new Set([...ladder.map(stem), ...shares.keys()])] : [];
  const shown = names.map((name) => {
    const share = shares.get(name) ?? 0;
    const item = element("li", "", share > 0 && share < 0.995 ? `${name} ${(share * 100).toFixed(0)} %` : name);
    if (name === plan.variant) item.setAttribute("aria-current", "true");
    return item;
  });
  const rung = card.querySelector(".ladder");
  if (rung.textContent !== shown.map((item) => item.textContent).join("")) rung.replaceChildren(...shown);
  const threads = ladder.length ? `${plan.threads} thread${plan.threads > 1 ? "s" : ""}` : "";
  const reason = why || plan.why;
  card.classList.toggle("failing", why !== "");
  card.querySelector(".why").textContent = [threads, reason].filter(Boolean).join(" · ");
}

function showSensors(sensors) {
  for (const sensor of sensors) {
    const item = get("drivers").querySelector(`[data-name="${sensor.name}"] .muted`);
    if (item) item.textContent = sensor.values.map((v) => `${v.name.replaceAll("_", " ")} ${number(v.value)}${v.unit === "1" ? "" : ` ${v.unit}`}`).join(", ");
  }
}

function showDrivers(drivers) {
  const list = get("drivers");
  if (list.children.length !== drivers.length) list.replaceChildren(...drivers.map(makeDriver));
  drivers.forEach((driver, i) => {
    const item = list.children[i];
    item.querySelector(".dot").dataset.works = driver.works;
    const restarts = driver.restarts ? `, reopened ${driver.restarts} times` : "";
    const state = driver.works ? driver.state : `${driver.state}!`;
    item.querySelector(".rate").textContent = driver.works && driver.rate ? `${driver.rate.toFixed(1)} a second` : state;
    const why = item.querySelector(".muted");
    if (driver.why || driver.kind !== "sensor") why.textContent = (driver.why || `${driver.kind}, ${driver.driver}`) + restarts;
  });
}

function makeDriver(driver) {
  const item = element("li");
  item.dataset.name = driver.name;
  item.append(element("span", "dot"), element("b", "", driver.name), element("span", "rate"), element("span", "muted"));
  return item;
}

function showDrops(streams) {
  get("drops").replaceChildren(...streams.map(({ name, counts }) => {
    const block = element("div", "became");
    const title = element("h3", "", name);
    title.append(element("span", "", `${counts.ready.toLocaleString("en")} frames`));
    const parts = [["delivered", counts.delivered], ...Object.entries(counts.dropped), ["in flight", counts.in_flight]].filter(([, n]) => n > 0);
    const stack = element("div", "stack"), list = element("ul");
    for (const [cause, n] of parts) {
      const kind = cause === "rate" ? "rate-cause" : cause === "in flight" ? "flight" : cause;
      const part = element("span", kind);
      part.style.flexGrow = n;
      stack.append(part);
      list.append(element("li", kind, `${cause}${MISSED.has(cause) ? " (missed)" : ""} ${n.toLocaleString("en")}`));
    }
    block.append(title, stack, list);
    return block;
  }));
}

function showJournal(entries, now) {
  const list = get("journal");
  const shown = entries.toReversed().slice(0, 40);
  if (!shown.length) { list.replaceChildren(element("li", "muted", "nothing out of the ordinary")); return; }
  list.replaceChildren(...shown.map((entry) => {
    const item = element("li", entry.kind === "fault" ? "fault-line" : "");
    const told = element("span");
    if (entry.name && !entry.text.startsWith(entry.name)) told.append(element("b", "", `${entry.name} `));
    told.append(entry.text);
    item.append(element("time", "", `${roughly(now - entry.t)} ago`), told);
    return item;
  }));
}

// -- words for numbers --------------------------------------------------------------

function text(id, value) { const at = get(id); if (at.textContent !== value) at.textContent = value; }
const stem = (path) => path.split("/").at(-1).replace(/\.tflite$/, "");
const number = (value) => (value === null ? "–" : Number.isInteger(value) ? `${value}` : value.toFixed(3));
const percent = (share) => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
const milliseconds = (seconds) => (seconds < 1 ? `${(seconds * 1e3).toFixed(seconds < 0.1 ? 1 : 0)} ms` : `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`);
const roughly = (seconds) => duration(seconds).split(" ").slice(0, 2).join(" ");
function duration(seconds) {
  if (seconds < 60) return `${Math.max(0, seconds).toFixed(0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${(seconds % 60).toFixed(0)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

// -- pressing -----------------------------------------------------------------------

get("pause").addEventListener("click", () => command(newest?.state === "paused" ? "resume" : "pause"));
get("record").addEventListener("click", async () => {
  const path = newest?.recording?.path;
  const stopping = newest?.recording;
  if (await command(stopping ? "stop-recording" : "record") && path) say(`Recorded to ${path}`);
});
for (const kind of ["input", "change"])
  get("schedule").addEventListener(kind, () => {
    typed = true;
    if (newest) get("budget").disabled = !newest.offers.policies[get("policy").value];
  });
get("schedule").addEventListener("submit", async (event) => {
  event.preventDefault();
  const budget = get("budget");
  const watts = budget.disabled || budget.value === "" ? null : Number(budget.value);
  if (await command("schedule", { policy: get("policy").value, budget: watts })) {
    typed = false;
    say("The schedule is changed.");
  }
});
// A page that nobody sees asks for nothing.
document.addEventListener("visibilitychange", () => {
  for (const card of cards.values()) {
    const img = card.querySelector("img");
    if (document.hidden && img.dataset.live) { delete img.dataset.live; img.removeAttribute("src"); }
  }
});

run();
