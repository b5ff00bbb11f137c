// A table of figures; a cell that tells a metric carries it for whoever reads the page by program.

function render({ model, el: root }) {
  root.classList.add("ect");
  const id = uid();
  const holder = el("div", { class: "ect-table ect-figures", role: "region", tabindex: 0, "aria-labelledby": id });
  // On a phone a wide table is read row by row: each cell says what it is. What is shown otherwise is
  // still a table to a screen reader, so its parts are named.
  function cell(value, first, column) {
    const { text, metric: m = {}, number = false } = value !== null && typeof value === "object" ? value : { text: value };
    return el(first ? "th" : "td", {
      scope: first ? "row" : undefined,
      role: first ? "rowheader" : "cell",
      "data-column": column,
      class: number ? "n" : undefined,
      "data-metric": m.name, "data-value": m.value, "data-lo": m.lo, "data-hi": m.hi, "data-n": m.n,
    }, text);
  }
  function draw() {
    const rows = model.get("rows");
    const columns = model.get("columns");
    const right = columns.map((_, i) => rows.length && rows.every((row) => row[i] && row[i].number));
    root.hidden = !rows.length;
    holder.classList.toggle("ect-wide", columns.length > 4);
    holder.replaceChildren(
      el("table", { role: "table" },
        el("caption", { id }, model.get("caption")),
        el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...columns.map((c, i) => (c ? el("th", { scope: "col", role: "columnheader", class: right[i] ? "n" : undefined }, c) : el("td", { role: "cell" }))))),
        el("tbody", { role: "rowgroup" }, ...rows.map((row) => el("tr", { role: "row" }, ...row.map((c, i) => cell(c, i === 0, columns[i])))))),
    );
  }
  model.on("change", draw);
  draw();
  root.append(holder);
}

export default framed(render);
