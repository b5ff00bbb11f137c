// A few numbers that matter most, each with what it is and how far it spreads.

// One click says where a number comes from.
function origin(tile) {
  if (!tile.origin) return null;
  return el("details", { class: "ect-why" }, el("summary", { "aria-label": `Where from? ${tile.what}` }, "Where from?"), el("p", {}, tile.origin));
}

function render({ model, el: root }) {
  root.classList.add("ect");
  const box = el("ul", { class: "ect-tiles", role: "list" });
  function draw() {
    const open = [...box.querySelectorAll("details")].map((d) => d.open);
    const kept = [...box.querySelectorAll("summary")].indexOf(document.activeElement);
    box.replaceChildren(
      ...model.get("tiles").map((tile) => {
        const m = tile.metric || {};
        const number = el("p", { class: "ect-figure", "data-metric": m.name, "data-value": m.value, "data-lo": m.lo, "data-hi": m.hi, "data-n": m.n }, tile.number, " ", el("span", {}, tile.of || ""));
        return el("li", {}, number, el("p", { class: "ect-what" }, tile.what), el("p", { class: "ect-soft" }, tile.note), tile.before ? el("p", { class: "ect-soft" }, tile.before) : null, origin(tile));
      }),
    );
    box.querySelectorAll("details").forEach((d, i) => (d.open = Boolean(open[i])));
    if (kept >= 0) box.querySelectorAll("summary")[kept]?.focus({ preventScroll: true });
    box.hidden = !model.get("tiles").length;
  }
  model.on("change:tiles", draw);
  draw();
  root.append(box);
}

export default framed(render);
