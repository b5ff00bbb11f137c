// Hands of a room, counted for each guess: buttons, or a number typed. What was found is marked after.

function render({ model, el: root }) {
  root.classList.add("ect");
  const id = "ect-" + model.get("name");
  const legend = el("legend", { id: id + "-q", tabindex: -1 });
  const list = el("ol");
  const say = el("p", { role: "status", class: "ect-soft" });
  const box = el("fieldset", { class: "ect-vote", "aria-describedby": id + "-say" }, legend, list, say);
  say.id = id + "-say";
  let fields = [];

  function set(index, count) {
    const whole = Math.max(0, Math.min(999, Math.round(count)));
    const counts = [...model.get("counts")];
    counts[index] = Number.isFinite(whole) ? whole : counts[index];
    model.set("counts", counts);
    model.save_changes();
    fields[index].input.value = counts[index];
    show();
  }

  function build() {
    legend.textContent = model.get("ask");
    fields = model.get("options").map((words, index) => {
      const what = `hands for: ${words}`;
      const input = el("input", { type: "text", inputmode: "numeric", autocomplete: "off", id: `${id}-${index}`, "aria-label": `Number of ${what}`, onchange: () => set(index, Number(input.value)) });
      const less = el("button", { type: "button", "aria-label": `One hand less, ${what}`, onclick: () => set(index, model.get("counts")[index] - 1) }, "−");
      const more = el("button", { type: "button", "aria-label": `One hand more, ${what}`, onclick: () => set(index, model.get("counts")[index] + 1) }, "+");
      const mark = el("span", { class: "ect-mark" });
      const row = el("li", {}, el("span", {}, words), mark, less, input, more);
      return { row, input, less, more, mark };
    });
    list.replaceChildren(...fields.map((field) => field.row));
    show();
  }

  function show() {
    const counts = model.get("counts");
    const total = counts.reduce((sum, n) => sum + n, 0);
    const [locked, right] = [model.get("locked"), model.get("right")];
    fields.forEach((field, index) => {
      if (document.activeElement !== field.input) field.input.value = counts[index] ?? 0; // not what is being typed
      field.row.style.setProperty("--ect-share", total ? `${(100 * counts[index]) / total}%` : "0%");
      field.input.readOnly = locked;
      field.less.disabled = locked;
      field.more.disabled = locked;
      field.row.classList.toggle("ect-right", index === right);
      field.mark.textContent = index === right ? "✓ found" : "";
    });
    say.textContent = model.get("words");
  }

  // What was found stands further down: the focus goes there, so that nobody has to look for it.
  function follow() {
    if (!model.get("then") || model.get("right") < 0) return;
    setTimeout(() => {
      const target = document.getElementById(model.get("then"));
      target?.scrollIntoView({ block: "start" });
      target?.focus({ preventScroll: true });
    }, 150);
  }

  model.on("change:options change:ask", build);
  model.on("change:counts change:locked change:right change:words", show);
  model.on("msg:custom", follow);
  build();
  root.append(box);
}

export default framed(render);
