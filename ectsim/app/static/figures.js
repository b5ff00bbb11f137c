// A table of figures; a cell that tells a metric carries it for whoever reads the page by program.

function render({ model, el: root }) {
  root.classList.add("ect");
  const id = uid();
  const holder = el("div", { class: "ect-table ect-figures", role: "region", tabindex: 0, "aria-labelledby": id });
  function cell(value, first) {
    const { text, metric: m = {}, number = false } = value !== null && typeof value === "object" ? value : { text: value };
    return el(first ? "th" : "td", {
      scope: first ? "row" : undefined,
      class: number ? "n" : undefined,
      "data-metric": m.name, "data-value": m.value, "data-lo": m.lo, "data-hi": m.hi, "data-n": m.n,
    }, text);
  }
  function draw() {
    const rows = model.get("rows");
    const columns = model.get("columns");
    const right = columns.map((_, i) => rows.length && rows.every((row) => row[i] && row[i].number));
    root.hidden = !rows.length;
    holder.replaceChildren(
      el("table", {},
        el("caption", { id }, model.get("caption")),
        el("thead", {}, el("tr", {}, ...columns.map((c, i) => (c ? el("th", { scope: "col", class: right[i] ? "n" : undefined }, c) : el("td", {}))))),
        el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((c, i) => cell(c, i === 0)))))),
    );
  }
  model.on("change", draw);
  draw();
  root.append(holder);
}

export default framed(render);
