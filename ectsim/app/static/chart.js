// A chart from a small specification (see ectsim/app/widgets.py): an inline SVG with title and
// description, a sentence before it, the table behind it, and buttons that save all three.

const pen = document.createElement("canvas").getContext("2d");

function width_of(text, size, bold) {
  pen.font = `${bold ? "650 " : ""}${size}px system-ui, sans-serif`;
  return pen.measureText(text).width;
}

function wrap(text, size, room) {
  const lines = [""];
  for (const word of String(text).split(/\s+/)) {
    const longer = lines.at(-1) ? lines.at(-1) + " " + word : word;
    if (lines.at(-1) && width_of(longer, size) > room) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function number(value) {
  return typeof value === "number" ? value.toLocaleString("en-GB", { maximumFractionDigits: 1 }) : String(value);
}

function ticks(low, high, room, size) {
  const most = Math.max(2, Math.floor(room / (size * 5)));
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

function label(lines, x, y, size, attributes = {}) {
  const text = el("text", { x, y, "font-size": size, ...attributes });
  lines.forEach((line, i) => text.append(el("tspan", { x, dy: i ? size * 1.25 : 0 }, line)));
  return text;
}

const TONES = ["accent", "muted", "warn", "track", "empty"];
const tone = (name) => (TONES.includes(name) ? name : "accent");

// Horizontal bars: {unit, high?, bars: [{label, value, note?, tone?}]}
function bars(data, room, size) {
  const parts = [];
  const unit = data.unit ? " " + data.unit : "";
  const high = data.high || Math.max(1e-9, ...data.bars.map((bar) => bar.value));
  const texts = data.bars.map((bar) => number(bar.value) + unit + (bar.note ? ", " + bar.note : ""));
  const narrow = room < size * 34;
  const side = narrow ? 0 : Math.min(room * 0.4, Math.max(...data.bars.map((bar) => width_of(bar.label, size) + size)));
  const ends = narrow ? 0 : Math.max(...texts.map((text) => width_of(text, size, true))) + size;
  let y = 0;
  data.bars.forEach((bar, i) => {
    const long = Math.max(0, (bar.value / high) * (room - side - ends));
    const kind = tone(bar.tone);
    if (narrow) {
      const beside = room - width_of(texts[i], size, true) - size;
      const below = beside < room * 0.4; // a long text gets a line of its own
      const lines = wrap(bar.label, size, below ? room : beside);
      parts.push(label(lines, 0, y + size, size));
      if (below) y += lines.length * size * 1.25;
      parts.push(el("text", below ? { x: 0, y: y + size, class: "b n", "font-size": size } : { x: room, y: y + size, "text-anchor": "end", class: "b n", "font-size": size }, texts[i]));
      if (below) y += size * 1.25 - lines.length * size * 1.25;
      y += lines.length * size * 1.25 + size * 0.25;
      parts.push(el("rect", { x: 0, y, width: room, height: size * 0.7, rx: 2, class: "track" }));
      parts.push(el("rect", { x: 0, y, width: Math.max(long, bar.value > 0 ? 2 : 0), height: size * 0.7, rx: 2, class: kind }));
      y += size * 1.5;
    } else {
      const lines = wrap(bar.label, size, side - size);
      const tall = Math.max(size * 1.5, lines.length * size * 1.25);
      parts.push(label(lines, side - size * 0.7, y + tall / 2 + size * 0.36 - ((lines.length - 1) * size * 1.25) / 2, size, { "text-anchor": "end" }));
      parts.push(el("rect", { x: side, y: y + tall / 2 - size * 0.62, width: Math.max(long, bar.value > 0 ? 2 : 0), height: size * 1.24, rx: 2, class: kind }));
      parts.push(el("text", { x: side + long + size * 0.5, y: y + tall / 2 + size * 0.36, class: "b n", "font-size": size }, texts[i]));
      y += tall + size * 0.45;
    }
  });
  return [parts, y];
}

function axis(parts, low, high, room, y, size, data) {
  const at = (value) => ((value - low) / (high - low || 1)) * room;
  parts.push(el("line", { x1: 0, x2: room, y1: y, y2: y, class: "axis" }));
  for (const tick of ticks(low, high, room, size)) {
    const anchor = at(tick) < size ? "start" : at(tick) > room - size ? "end" : "middle";
    parts.push(el("line", { x1: at(tick), x2: at(tick), y1: y, y2: y + 5, class: "axis" }));
    parts.push(el("text", { x: at(tick), y: y + size * 1.4, "text-anchor": anchor, class: "s n", "font-size": size * 0.9 }, number(tick) + (data.unit === "%" ? " %" : "")));
  }
  if (data.x_label) {
    const lines = wrap(data.x_label, size * 0.9, room);
    parts.push(label(lines, 0, y + size * 2.9, size * 0.9, { class: "s" }));
    return y + size * (2.9 + 1.15 * lines.length);
  }
  return y + size * 1.9;
}

// Dots, one for each of 50 equally likely outcomes:
// {unit, low, high, x_label?, target?: {value, label}, groups: [{label, values}]}
function dots(data, room, size) {
  const parts = [];
  const { low, high } = data;
  const at = (value) => ((value - low) / (high - low || 1)) * room;
  const wide = room / Math.max(12, Math.min(40, Math.floor(room / (size * 0.95))));
  // Columns begin at the target, so that none holds dots of both sides.
  const first = data.target ? at(data.target.value) % wide : 0;
  let y = 0;
  const lines = [];
  const counted = data.groups.map((group) => {
    const columns = new Map();
    for (const value of [...group.values].sort((a, b) => a - b)) {
      const bin = Math.floor((at(Math.min(high, Math.max(low, value))) - first) / wide + 1e-9);
      columns.set(bin, [...(columns.get(bin) || []), value]);
    }
    return columns;
  });
  const tallest = Math.max(1, ...counted.map((columns) => Math.max(0, ...[...columns.values()].map((c) => c.length))));
  const r = Math.min(wide * 0.46, (size * 15) / tallest / 2.1);
  const target = data.target;
  if (target) y += size * 1.7;
  const top = y;
  data.groups.forEach((group, g) => {
    if (group.label) {
      parts.push(el("text", { x: 0, y: y + size, class: "b", "font-size": size }, group.label));
      y += size * 1.6;
    }
    const height = Math.max(1, ...[...counted[g].values()].map((c) => c.length)) * r * 2.1;
    y += height;
    if (target) lines.push(el("line", { x1: at(target.value), x2: at(target.value), y1: y - height - size * 0.2, y2: y, class: "target" }));
    for (const [bin, column] of counted[g])
      column.forEach((value, i) => {
        // What misses the target is hollow: a difference that needs no colour.
        const misses = target && value < target.value;
        parts.push(el("circle", { cx: Math.min(room - r, Math.max(r, first + (bin + 0.5) * wide)), cy: y - r * (2.1 * i + 1.15), r: r - (misses ? 1 : 0), class: misses ? "hollow" : "accent" }));
      });
    if (g < data.groups.length - 1) {
      parts.push(el("line", { x1: 0, x2: room, y1: y, y2: y, class: "grid" }));
      y += size * 0.8;
    }
  });
  if (target) {
    const x = at(target.value);
    const long = width_of(target.label, size * 0.9);
    const start = Math.min(Math.max(0, x - long / 2), Math.max(0, room - long));
    lines.push(el("text", { x: start, y: top - size * 0.7, class: "s", "font-size": size * 0.9 }, target.label));
  }
  parts.push(...lines);
  return [parts, axis(parts, low, high, room, y, size, data)];
}

// Marks that tell states apart without colour.
const MARKS = {
  tick: "M-4,0 l3,3.5 l5.5,-7",
  cross: "M-3.5,-3.5 l7,7 M3.5,-3.5 l-7,7",
  dash: "M-4,0 h8",
  dot: "M-1.3,0 a1.3,1.3 0 1,0 2.6,0 a1.3,1.3 0 1,0 -2.6,0",
  slash: "M-3.5,3.5 l7,-7",
};

// Weeks in rows: {weeks: [label], rows: [{label, cells: [state]}], states: {state: {label, tone, mark?}}, differ?: [index]}
function strip(data, room, size, chosen, choose) {
  const parts = [];
  const n = data.weeks.length;
  const narrow = room < size * 40;
  const side = narrow ? 0 : Math.min(room * 0.28, Math.max(...data.rows.map((row) => width_of(row.label, size) + size)));
  const cell = Math.max(24, Math.min(38, (room - side) / n));
  const each = Math.max(1, Math.min(n, Math.floor((room - side) / cell)));
  const blocks = Math.ceil(n / each);
  const even = Math.ceil(n / blocks);
  const scale = cell / 24;
  let y = 0;
  for (let block = 0; block < blocks; block++) {
    const weeks = [...Array(n).keys()].slice(block * even, (block + 1) * even);
    weeks.forEach((w, i) => {
      parts.push(el("text", { x: side + (i + 0.5) * cell, y: y + size * 0.9, "text-anchor": "middle", class: w === chosen ? "b n" : "s n", "font-size": Math.min(size * 0.85, cell * 0.5) }, data.weeks[w]));
    });
    y += size * 1.3;
    const top = y;
    for (const row of data.rows) {
      if (narrow) {
        parts.push(el("text", { x: 0, y: y + size * 1.05, "font-size": size * 0.9 }, row.label));
        y += size * 1.5;
      } else parts.push(label([row.label], side - size * 0.6, y + cell / 2 + size * 0.36, size, { "text-anchor": "end" }));
      weeks.forEach((w, i) => {
        const state = data.states[row.cells[w]] || { label: "no cycle due", tone: "empty" };
        const kind = tone(state.tone);
        const [cx, cy] = [side + (i + 0.5) * cell, y + cell / 2];
        const box = el("rect", { x: cx - cell / 2 + 1, y: y + 1, width: cell - 2, height: cell - 2, rx: 3, class: kind });
        box.append(el("title", {}, `${row.label}, week ${data.weeks[w]}: ${state.label}`));
        if (choose) box.addEventListener("click", () => choose(w));
        parts.push(box);
        if (MARKS[state.mark])
          parts.push(el("path", { d: MARKS[state.mark], transform: `translate(${cx},${cy}) scale(${scale})`, class: kind === "empty" || kind === "track" ? "mark-dark" : "mark", "pointer-events": "none" }));
      });
      const place = weeks.indexOf(chosen);
      if (narrow && place >= 0) parts.push(el("rect", { x: side + place * cell, y, width: cell, height: cell, rx: 4, class: "chosen", "pointer-events": "none" }));
      y += cell + 2;
    }
    weeks.forEach((w, i) => {
      const x = side + (i + 0.5) * cell;
      if (w === chosen && !narrow) parts.push(el("rect", { x: x - cell / 2, y: top, width: cell, height: y - top - 1, rx: 4, class: "chosen", "pointer-events": "none" }));
      // A pointer marks the weeks in which the rows part.
      if ((data.differ || []).includes(w)) parts.push(el("path", { d: `M${x},${y + 2} l5,8 h-10 z`, class: "warn" }));
    });
    y += (data.differ || []).length ? 22 : 10;
  }
  let x = 0;
  y += 4;
  for (const state of Object.values(data.states)) {
    const wide = size * 1.7 + width_of(state.label, size * 0.9) + size * 1.4;
    if (x && x + wide > room) {
      x = 0;
      y += size * 1.8;
    }
    const kind = tone(state.tone);
    parts.push(el("rect", { x: x + 1, y: y + 1, width: size * 1.2, height: size * 1.2, rx: 3, class: kind }));
    if (MARKS[state.mark]) parts.push(el("path", { d: MARKS[state.mark], transform: `translate(${x + 1 + size * 0.6},${y + 1 + size * 0.6}) scale(${size / 20})`, class: kind === "empty" || kind === "track" ? "mark-dark" : "mark" }));
    parts.push(el("text", { x: x + size * 1.7, y: y + size, class: "s", "font-size": size * 0.9 }, state.label));
    x += wide;
  }
  return [parts, y + size * 1.7];
}

// A value that stands alone: a dot, or a cross where two kinds are told apart.
function point(kind, x, y) {
  if (kind === "cross") return el("path", { d: "M-4,-4 l8,8 M4,-4 l-8,8", transform: `translate(${x.toFixed(1)},${y.toFixed(1)})`, class: "line second solid" });
  return el("circle", { cx: x, cy: y, r: 4, class: "hollow" });
}

// Lines over numbers: {unit, x: [..], x_label?, low?, high?, series: [{label, values, lo?, hi?, points?}]}
function lines(data, room, size) {
  const parts = [];
  const all = data.series.flatMap((s) => [...s.values, ...(s.lo || []), ...(s.hi || [])]).filter((v) => v !== null);
  const low = data.low ?? Math.min(...all);
  const high = data.high ?? Math.max(...all);
  const left = Math.max(...ticks(low, high, size * 14, size).map((t) => width_of(number(t) + (data.unit === "%" ? " %" : ""), size * 0.9))) + size * 0.6;
  const [x0, x1] = [data.x[0], data.x.at(-1)];
  const px = (x) => left + ((x - x0) / (x1 - x0 || 1)) * (room - left - size * 0.5);
  const tall = Math.min(size * 18, room * 0.6);
  const styles = ["line", "line second", "line third"];
  let y = 0;
  let at = 0;
  data.series.forEach((series, i) => {
    const wide = size * 3.4 + width_of(series.label, size * 0.95) + size;
    if (at && at + wide > room) {
      at = 0;
      y += size * 1.6;
    }
    if (series.points) parts.push(point(series.points, at + size * 1.3, y + size * 0.7));
    else parts.push(el("line", { x1: at, x2: at + size * 2.6, y1: y + size * 0.7, y2: y + size * 0.7, class: styles[i % 3] }));
    parts.push(el("text", { x: at + size * 3.1, y: y + size, "font-size": size * 0.95 }, series.label));
    at += wide;
  });
  y += size * 2;
  const py = (v) => y + tall - ((v - low) / (high - low || 1)) * tall;
  for (const tick of ticks(low, high, tall * 1.6, size)) {
    parts.push(el("line", { x1: left, x2: room, y1: py(tick), y2: py(tick), class: "grid" }));
    parts.push(el("text", { x: left - size * 0.5, y: py(tick) + size * 0.33, "text-anchor": "end", class: "s n", "font-size": size * 0.9 }, number(tick) + (data.unit === "%" ? " %" : "")));
  }
  const path = (values) => values.map((v, i) => (v === null ? "" : `${i && values[i - 1] !== null ? "L" : "M"}${px(data.x[i]).toFixed(1)},${py(v).toFixed(1)}`)).join("");
  for (const series of data.series)
    if (series.lo && series.hi)
      parts.push(el("path", { d: path(series.hi) + [...series.lo.keys()].reverse().map((i) => `L${px(data.x[i]).toFixed(1)},${py(series.lo[i]).toFixed(1)}`).join("") + "z", class: "band" }));
  data.series.forEach((series, i) => {
    if (series.points) series.values.forEach((v, k) => v !== null && parts.push(point(series.points, px(data.x[k]), py(v))));
    else parts.push(el("path", { d: path(series.values), class: styles[i % 3] }));
  });
  y += tall;
  parts.push(el("line", { x1: left, x2: room, y1: y, y2: y, class: "axis" }));
  for (const tick of ticks(x0, x1, room - left, size)) parts.push(el("text", { x: px(tick), y: y + size * 1.4, "text-anchor": "middle", class: "s n", "font-size": size * 0.9 }, number(tick)));
  y += size * 2;
  if (data.x_label) {
    const said = wrap(data.x_label, size * 0.9, room - left);
    parts.push(label(said, left, y + size, size * 0.9, { class: "s" }));
    y += size * (0.35 + 1.15 * said.length);
  }
  return [parts, y];
}

// Minutes in a row, part after part: {unit, high, mark?: {value, label}, keys: [{label, tone, number?}], rows: [{label, values}]}
// Each part has a number, which the key below explains: colour says nothing that a number does not.
function stacks(data, room, size) {
  const parts = [];
  const tall = size * 2.2;
  const at = (value) => (value / (data.high || 1)) * room;
  let y = data.mark ? size * 1.5 : 0;
  const top = y;
  for (const row of data.rows) {
    parts.push(el("text", { x: 0, y: y + size, class: "b", "font-size": size }, row.label));
    y += size * 1.4;
    let from = 0;
    row.values.forEach((value, i) => {
      if (!(value > 0)) return;
      const [x, wide] = [at(from), at(value)];
      const kind = tone(data.keys[i].tone);
      const box = el("rect", { x: x + 0.75, y, width: Math.max(0.5, wide - 1.5), height: tall, rx: 2, class: kind });
      box.append(el("title", {}, `${row.label}: ${data.keys[i].label} ${number(value)} ${data.unit}`));
      parts.push(box);
      const ink = kind === "track" || kind === "empty" ? "n" : "n on";
      const both = [data.keys[i].number || `${i + 1}`, number(value)];
      if (wide > size * 1.05) {
        parts.push(el("text", { x: x + wide / 2, y: y + size * 0.95, "text-anchor": "middle", class: ink + " b", "font-size": size * 0.8, "pointer-events": "none" }, both[0]));
        if (wide > width_of(both[1], size * 0.75) + 4) parts.push(el("text", { x: x + wide / 2, y: y + size * 1.85, "text-anchor": "middle", class: ink, "font-size": size * 0.75, "pointer-events": "none" }, both[1]));
      }
      from += value;
    });
    y += tall + size * 0.8;
  }
  if (data.mark) {
    const x = Math.min(room - 1, at(data.mark.value));
    parts.push(el("line", { x1: x, x2: x, y1: top, y2: y - size * 0.4, class: "target" }));
    parts.push(el("text", { x: Math.min(x, room), y: top - size * 0.4, "text-anchor": x > room / 2 ? "end" : "start", class: "s", "font-size": size * 0.9 }, `${data.mark.label}, ${number(data.mark.value)} ${data.unit}`));
  }
  let x = 0;
  y += size * 0.3;
  data.keys.forEach((key, i) => {
    if (!data.rows.some((row) => row.values[i] > 0)) return;
    const wide = size * 1.9 + width_of(key.label, size * 0.9) + size;
    if (x && x + wide > room) {
      x = 0;
      y += size * 1.9;
    }
    const kind = tone(key.tone);
    parts.push(el("rect", { x: x + 1, y: y + 1, width: size * 1.4, height: size * 1.4, rx: 3, class: kind }));
    parts.push(el("text", { x: x + 1 + size * 0.7, y: y + size * 1.05, "text-anchor": "middle", class: (kind === "track" || kind === "empty" ? "b n" : "b n on"), "font-size": size * 0.8 }, key.number || `${i + 1}`));
    parts.push(el("text", { x: x + size * 1.9, y: y + size * 1.1, class: "s", "font-size": size * 0.9 }, key.label));
    x += wide;
  });
  return [parts, y + size * 1.9];
}

const KINDS = { bars, dots, strip, lines, stacks };

function cell_text(value) {
  // A spreadsheet takes a cell that begins with one of these for a formula.
  const text = value === null || value === undefined ? "" : String(value);
  const safe = typeof value !== "number" && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

function file_name(title, ending) {
  return (title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "chart") + ending;
}

// A copy that needs no style sheet, on white, whatever the page looks like.
function alone(svg, title, banner) {
  const copy = svg.cloneNode(true);
  const stage = el("div", { class: "ect ect-chart ect-light", "aria-hidden": "true", style: "position:fixed;left:-9999px;top:0" }, copy);
  document.body.append(stage);
  for (const node of copy.querySelectorAll("*")) {
    const style = getComputedStyle(node);
    for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "font-family", "font-weight"]) node.style.setProperty(name, style.getPropertyValue(name));
    node.removeAttribute("class");
  }
  stage.remove();
  const [, , w, h] = svg.getAttribute("viewBox").split(" ").map(Number);
  const said = banner ? wrap(banner, 13, w) : [];
  const top = 44 + said.length * 18;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `-16 ${-top} ${w + 32} ${h + top + 16}`);
  copy.setAttribute("width", w + 32);
  copy.setAttribute("height", h + top + 16);
  const ground = el("rect", { x: -16, y: -top, width: w + 32, height: h + top + 16, fill: "#ffffff" });
  const heading = el("text", { x: 0, y: 26 - top, "font-size": 18, "font-weight": 650, "font-family": "system-ui, sans-serif", fill: "#1b2420" }, title);
  const lines = said.map((line, i) => el("text", { x: 0, y: 26 - top + 18 * (i + 1), "font-size": 13, "font-weight": 650, "font-family": "system-ui, sans-serif", fill: "#8a3b12" }, line));
  copy.querySelector("desc").after(ground, heading, ...lines);
  return [new XMLSerializer().serializeToString(copy), w + 32, h + top + 16];
}

function render({ model, el: root }) {
  root.classList.add("ect");
  const id = uid();
  const heading = el("h3", { id: id + "-h" });
  const sentence = el("p");
  const caution = el("p", { class: "ect-warned" });
  const title = el("title", { id: id + "-t" });
  const description = el("desc", { id: id + "-d" });
  const svg = el("svg", { role: "img", "aria-labelledby": `${id}-t ${id}-d` }, title, description);
  const summary = el("summary", {}, "Show the numbers");
  const holder = el("div", { class: "ect-table", tabindex: 0, role: "region", "aria-labelledby": id + "-h" });
  const origin = el("p", { class: "ect-soft" });
  const details = el("details", {}, summary, origin, holder);
  const picker = el("select", { id: id + "-w" });
  const pick = el("p", { class: "ect-tools" }, el("label", { for: id + "-w" }, "Show week "), picker);
  const say = el("span", { class: "ect-soft", role: "status" });
  const tool = (text, action) => el("button", { type: "button", class: "ect-small", onclick: action, "aria-describedby": id + "-h" }, text);
  const tools = el("div", { class: "ect-tools" },
    tool("Save as PNG", save_png),
    tool("SVG", () => save(file_name(spec().title, ".svg"), "image/svg+xml", alone(svg, spec().title, spec().banner)[0])),
    tool("CSV", save_csv),
    say);
  const box = el("div", { class: "ect-chart" }, heading, sentence, caution, svg, details, tools);
  root.append(box);
  let drawn = 0;

  const spec = () => model.get("spec");

  function choose(week) {
    model.set("selected", week);
    model.save_changes();
  }

  function save_csv() {
    const rows = [...(spec().banner ? [[spec().banner]] : []), spec().table.columns, ...spec().table.rows];
    // The mark at the start tells a spreadsheet that the file is UTF-8.
    save(file_name(spec().title, ".csv"), "text/csv", "\ufeff" + rows.map((row) => row.map(cell_text).join(",")).join("\r\n") + "\r\n");
  }

  function save_png() {
    const [text, w, h] = alone(svg, spec().title, spec().banner);
    const image = new Image();
    image.onload = () => {
      const canvas = el("canvas", { width: w * 2, height: h * 2 });
      canvas.getContext("2d").drawImage(image, 0, 0, w * 2, h * 2);
      canvas.toBlob((blob) => save(file_name(spec().title, ".png"), "image/png", blob));
    };
    image.onerror = () => (say.textContent = "The picture could not be made; save it as SVG.");
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  }

  function plot() {
    const { kind, data } = spec();
    // The width of the column, not of the drawing; a chart that is not shown yet gets a guess.
    const room = Math.max(240, Math.floor(box.clientWidth || 640));
    const size = (parseFloat(getComputedStyle(box).fontSize) || 17) * 0.9;
    const selectable = kind === "strip" && data.selectable;
    const [parts, height] = KINDS[kind] && data ? KINDS[kind](data, room, size, model.get("selected"), selectable ? choose : null) : [[], 1];
    svg.setAttribute("viewBox", `0 0 ${room} ${Math.ceil(height)}`);
    svg.setAttribute("width", room);
    svg.setAttribute("height", Math.ceil(height));
    svg.replaceChildren(title, description, ...parts);
    drawn = room;
  }

  function draw() {
    const { title: name, sentence: words, description: more, metric, table, kind, data } = spec();
    box.hidden = !name;
    if (!name) return;
    heading.textContent = name;
    sentence.textContent = words;
    origin.textContent = spec().origin || "";
    origin.hidden = !spec().origin;
    caution.textContent = spec().banner || "";
    caution.hidden = !spec().banner;
    title.textContent = name;
    description.textContent = more || words;
    for (const [key, value] of Object.entries({ metric: metric?.name, lo: metric?.lo, hi: metric?.hi, n: metric?.n }))
      if (value === undefined) sentence.removeAttribute("data-" + key);
      else sentence.setAttribute("data-" + key, value);
    const numeric = table.columns.map((_, i) => table.rows.every((row) => typeof row[i] === "number"));
    const head = el("tr", {}, ...table.columns.map((c, i) => el("th", { scope: "col", class: numeric[i] ? "n" : undefined }, c)));
    const body = table.rows.map((row) => el("tr", {}, ...row.map((c, i) => (i ? el("td", { class: numeric[i] ? "n" : undefined }, number(c ?? "")) : el("th", { scope: "row", class: numeric[0] ? "n" : undefined }, number(c ?? ""))))));
    holder.replaceChildren(el("table", {}, el("caption", {}, name), el("thead", {}, head), el("tbody", {}, ...body)));
    pick.remove();
    if (kind === "strip" && data.selectable) {
      details.before(pick);
      picker.replaceChildren(...data.weeks.map((w, i) => el("option", { value: i }, w)));
      picker.value = String(model.get("selected"));
    }
    plot();
  }

  picker.addEventListener("change", () => choose(Number(picker.value)));
  model.on("change:spec", draw);
  model.on("change:selected", () => {
    picker.value = String(model.get("selected"));
    plot();
  });
  const watch = new ResizeObserver(() => {
    if (spec().title && Math.abs((box.clientWidth || drawn) - drawn) > 1) requestAnimationFrame(plot);
  });
  watch.observe(box);
  draw();
  return () => watch.disconnect();
}

export default framed(render);
