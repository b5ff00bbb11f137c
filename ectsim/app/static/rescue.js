// The rescue copy's own part: the same drawings as the dashboards, fed from the data in this file.

const data = JSON.parse(document.getElementById("data").textContent);

// A stand-in for a widget's model: values, and whoever listens to their changes.
function model(values) {
  const heard = {};
  const tell = (name) => (heard[name] || []).forEach((each) => each());
  return {
    get: (name) => values[name],
    set: (name, value) => {
      if (values[name] === value) return;
      values[name] = value;
      tell("change:" + name);
      tell("change");
    },
    on: (names, each) => names.split(" ").forEach((name) => (heard[name] = heard[name] || []).push(each)),
    save_changes() {},
    send() {},
  };
}

function put(part, values) {
  const own = model({ gone: false, selected: 0, ...values });
  const root = el("div");
  part.render({ model: own, el: root });
  return { model: own, root };
}

const MINUS = "\u2212";
const share = (value, digits = 1) => (100 * value).toFixed(digits);
const points = (value) => (value < 0 ? MINUS : "+") + Math.abs(100 * value).toFixed(1);

// --- trade-offs ---------------------------------------------------------------------------------

function tradeoffs() {
  const title = el("h3", { tabindex: -1 });
  const setting = el("p");
  const stage = el("div", { class: "ect-rescue-stage" });
  const tabs = el("div", { class: "ect-rescue-tabs", role: "group", "aria-label": "Trade-offs" });
  const hands = {};
  const seen = new Set();

  function show(index, focus) {
    const t = data.tradeoffs[index];
    [...tabs.children].forEach((tab, i) => tab.setAttribute("aria-current", String(i === index)));
    title.textContent = t.title;
    setting.textContent = t.setting;
    const open = !seen.has(t.id);
    const vote = put(window_vote, {
      name: "vote",
      ask: t.question,
      options: t.bands,
      counts: hands[t.id] || t.bands.map(() => 0),
      locked: !open,
      right: open ? -1 : t.result.band,
      words: open ? "Count hands, or type numbers. Then reveal." : `Found: “${t.bands[t.result.band]}”.`,
    });
    const button = el("button", { type: "button", class: "ect-first", onclick: () => {
      seen.add(t.id);
      show(index);
      stage.querySelector("#found").focus();
    } }, "Reveal the same year");
    button.disabled = !open || !(hands[t.id] || []).some((n) => n);
    vote.model.on("change:counts", () => {
      hands[t.id] = vote.model.get("counts");
      button.disabled = !open || !hands[t.id].some((n) => n);
    });
    stage.replaceChildren(vote.root, el("p", {}, button), ...(open ? [] : found(t)));
    if (focus) title.focus();
  }

  function found(t) {
    const r = t.result;
    const d = r.differences[t.metric];
    const tile = (side) => {
      const m = r[side].metrics[t.metric];
      return { number: share(m.mean, 0), of: "of 100", what: `${t.what}: ${r[side].label}`, note: `${share(m.p10, 0)} to ${share(m.p90, 0)} in 8 of 10 simulated years`, metric: { name: t.metric, value: m.mean, lo: m.lo, hi: m.hi, n: m.n } };
    };
    const last = { number: points(d.mean), of: "of 100", what: "is the difference", note: `${points(d.lo)} to ${points(d.hi)}, 19 times in 20`, metric: { name: "difference_" + t.metric, value: d.mean, lo: d.lo, hi: d.hi, n: r.replications } };
    const banners = ["a", "b"].filter((side) => r[side].banner).map((side) => el("p", { class: "ect-caution" }, `${r[side].label}: ${r[side].banner}`));
    const told = el("div", { role: "status" });
    const strip = put(chart, { spec: r.strip });
    const week = () => {
      const [number, monday, ...sentences] = r.strip.table.rows[strip.model.get("selected")];
      told.replaceChildren(el("p", { class: "ect-strong" }, `Week ${number}, from Monday ${monday}`), ...sentences.map((s, i) => el("p", {}, `${r.strip.table.columns[i + 2]}: ${s}`)));
    };
    strip.model.on("change:selected", week);
    strip.model.set("selected", r.strip.data.differ[0] ?? 0);
    week();
    return [
      el("h4", { id: "found", tabindex: -1 }, "What the model found"),
      put(tiles, { tiles: [tile("a"), tile("b"), last] }).root,
      el("p", {}, t.finding),
      ...banners,
      strip.root,
      told,
      put(chart, { spec: r.dots }).root,
      el("h4", {}, "Talk about it"),
      el("ul", {}, ...t.debrief.map((line) => el("li", {}, line))),
      el("p", {}, "A promise could be: " + t.pledge),
      el("details", {}, el("summary", {}, "The same figures on the command line"), ...["a", "b"].map((side) => el("pre", {}, `ectsim simulate ${r[side].code} --replications ${r.replications}`))),
    ];
  }

  data.tradeoffs.forEach((t, i) => tabs.append(el("button", { type: "button", class: "ect-small", onclick: () => show(i, true) }, t.title)));
  show(0);
  const plans = el("details", {}, el("summary", {}, "Scripts of 60 and 180 minutes"), ...data.scripts.map((s) => el("div", {}, el("p", { class: "ect-strong" }, s.title), el("ol", {}, ...s.steps.map(([minutes, name]) => el("li", {}, `${name}, ${minutes} minutes`))))));
  return el("section", { class: "ect-card", "aria-labelledby": "trade" }, el("h2", { id: "trade" }, "Predict, then reveal"), plans, tabs, title, setting, stage);
}

// --- the grid of plans --------------------------------------------------------------------------

function plans() {
  const chosen = Object.fromEntries(data.questions.map((q) => [q.name, q.options[0][0]]));
  const entries = new Map(data.atlas.map((entry) => [entry[0].join("|"), entry]));
  const say = el("p", { role: "status", class: "ect-strong" });
  const number = put(tiles, { tiles: [] });
  const bars = put(chart, { spec: {} });
  const dots = put(chart, { spec: {} });
  const costs = put(figures, { caption: "On average a simulated year", columns: [], rows: [] });
  const code = el("pre");
  const code_of = el("details", {}, el("summary", {}, "The same figures on the command line"), code);
  let kept = null;
  const keep = el("button", { type: "button", onclick: () => { kept = current(); show(); } }, "Keep this plan to compare with");

  const current = () => entries.get(data.questions.map((q) => chosen[q.name]).join("|"));

  function metric(name, [mean, lo, hi, p10, p90], what, before) {
    return { number: share(mean), of: "of 100", what, note: `${share(p10)} to ${share(p90)} in 8 of 10 simulated years`, before: before ? `Kept plan: ${share(before[0])} of 100` : "", metric: { name, value: mean, lo, hi, n: data.years } };
  }

  function amount(value, unit) {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    if (value === null) return "-";
    return unit === "£" ? "£" + Math.round(value).toLocaleString("en-GB") : value.toLocaleString("en-GB", digits) + (unit ? " " + unit : "");
  }

  function show() {
    if (chosen.meeting === "found") chosen.reserve = "no";
    for (const q of data.questions) {
      const field = document.getElementById("q-" + q.name);
      if (!field) continue;
      field.selectedIndex = q.options.findIndex(([value]) => value === chosen[q.name]);
      field.disabled = q.slots && chosen.meeting === "found";
    }
    const [, own, due, ledger, [any, full, lowest], money, years] = current();
    const before = kept && kept[0][0] === chosen.school ? kept : null;
    const old = before ? before[4] : [null, null, null];
    number.model.set("tiles", [
      metric("completion_any", any, "coaching cycles happen", old[0]),
      metric("completion_full", full, "happen in full", old[1]),
      metric("lowest_ect", lowest, "for the ECT who gets least", old[2]),
    ]);
    const change = before ? ` ${points(any[0] - before[4][0][0])} against the kept plan, in the same simulated years.` : "";
    say.textContent = `Of 100 cycles due, ${share(any[0])} happen, ${share(full[0])} in full.${change}`;
    const held = ["on_time", "moved", "late"];
    const tone = (bin) => (held.includes(bin) ? "accent" : bin === "partial" ? "muted" : ["censored", "paused"].includes(bin) ? "track" : "warn");
    bars.model.set("spec", {
      title: `Where ${due} cycles of a year went`,
      sentence: ledger.filter(([, n]) => n).map(([bin, n]) => `${n} ${data.bins[bin].toLowerCase()}`).join(", ") + `. That makes ${due}, the number due.`,
      kind: "bars",
      data: { unit: "cycles", high: Math.max(1, ...ledger.map(([, n]) => n)), bars: ledger.map(([bin, n, part]) => ({ label: data.bins[bin], value: n, note: part ? `${part} of 100` : "under 1 of 100", tone: tone(bin) })) },
      table: { columns: ["What became of them", "Cycles a year", "Of 100 due", `Over ${data.years} simulated years`], rows: ledger.map(([bin, n, part, total]) => [data.bins[bin], n, part, total]) },
    });
    const groups = [...(before ? [{ label: "Kept plan", values: before[6].map((v) => v / 10) }] : []), { label: "This plan", values: years.map((v) => v / 10) }];
    const lowest_dot = Math.min(...groups.flatMap((g) => g.values));
    dots.model.set("spec", {
      title: `In 8 of 10 simulated years ${share(any[3], 0)} to ${share(any[4], 0)} of 100 cycles happen`,
      sentence: `Each dot is one of 50 equally likely years${before ? ", the same years under both plans" : ""}.`,
      kind: "dots",
      data: { unit: "%", low: Math.max(0, 10 * Math.floor((lowest_dot - 4) / 10)), high: 100, x_label: "cycles that happen, of 100 due", groups },
      table: { columns: ["Plan", "Mean", "Low end of its 95 % interval", "High end"], rows: [...(before ? [["Kept plan", ...old[0].slice(0, 3).map((v) => share(v) + " %")]] : []), ["This plan", ...any.slice(0, 3).map((v) => share(v) + " %")]] },
    });
    const names = Object.values(data.costs);
    costs.model.set("columns", ["", ...(before ? ["Kept plan"] : []), "This plan"]);
    costs.model.set("rows", names.map(([words, unit], i) => [words, ...(before ? [{ text: amount(before[5][i], unit), number: true }] : []), { text: amount(money[i], unit), number: true }]));
    code.textContent = `ectsim simulate ${own} --replications ${data.years}`;
    keep.textContent = before && before === current() ? "This plan is kept to compare with" : "Keep this plan to compare with";
  }

  const fields = data.questions.map((q) => {
    const field = el("select", { id: "q-" + q.name, onchange: () => { chosen[q.name] = q.options[field.selectedIndex][0]; show(); } }, ...q.options.map(([, words]) => el("option", {}, words)));
    return el("div", {}, el("label", { for: "q-" + q.name }, q.ask), field);
  });
  const section = el("section", { class: "ect-card", "aria-labelledby": "grid" },
    el("h2", { id: "grid" }, "Compare plans"),
    el("p", {}, `${data.atlas.length} plans, each simulated for the same ${data.years} years (seed ${data.seed}). Choose, and read what the plan tends to give.`),
    el("div", { class: "ect-rescue-grid" }, ...fields),
    say, number.root, el("p", {}, keep), bars.root, dots.root, costs.root, code_of);
  document.getElementById("app").append(section);
  show();
}

const window_vote = vote;
document.getElementById("app").append(tradeoffs());
plans();
