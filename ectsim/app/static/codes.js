// The codes of a timetable that nobody explained yet: each with its count and what it stands for.

function render({ model, el: root }) {
  root.classList.add("ect");
  const id = uid();
  function draw() {
    const codes = model.get("codes");
    const answers = model.get("answers");
    root.hidden = !codes.length;
    const rows = codes.map(([code, count], index) => {
      const select = el("select", { id: `${id}-${index}`, "aria-label": `What “${code}” stands for` },
        ...model.get("kinds").map(([kind, words]) => el("option", { value: kind }, words)));
      select.value = answers[code] || "";
      select.addEventListener("change", () => {
        model.set("answers", { ...model.get("answers"), [code]: select.value });
        model.save_changes();
      });
      return el("tr", {}, el("th", { scope: "row" }, code), el("td", { class: "n" }, count.toLocaleString("en-GB")), el("td", {}, select));
    });
    root.replaceChildren(
      el("div", { class: "ect-table", role: "region", tabindex: 0, "aria-labelledby": id },
        el("table", {},
          el("caption", { id }, model.get("caption")),
          el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Code"), el("th", { scope: "col", class: "n" }, "Cells"), el("th", { scope: "col" }, "It stands for"))),
          el("tbody", {}, ...rows))),
    );
  }
  model.on("change:codes", draw);
  draw();
}

export default framed(render);
