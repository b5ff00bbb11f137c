// The hour as blocks whose boundaries move: by dragging, by arrow keys, or by the numbers beside it.
// Wide it lies; on a phone it stands. Each boundary is a slider that names the two parts it divides.

function render({ model, el: root }) {
  root.classList.add("ect");
  const note = el("p", { class: "ect-soft", id: uid() });
  const bar = el("div", { class: "ect-hour-bar", "aria-hidden": "true" });
  const scale = el("div", { class: "ect-hour-scale", "aria-hidden": "true" });
  const knobs = el("div", { class: "ect-hour-knobs" });
  const box = el("div", { class: "ect-hour", role: "group", "aria-label": model.get("label"), "aria-describedby": note.id }, note, el("div", { class: "ect-hour-frame" }, bar, knobs, scale));
  const said = el("p", { class: "ect-hidden", role: "status" });
  root.append(box, said);
  const LANES = 4;
  let upright = false;
  let sliders = [];
  let timer;
  let shown = [];

  const parts = () => model.get("parts");
  const minutes = () => shown;
  const total = () => shown.reduce((a, b) => a + b, 0);

  // How far boundary i may go: both its parts keep what they need.
  function range(i) {
    const before = shown.slice(0, i).reduce((a, b) => a + b, 0);
    return [before + parts()[i].low, before + shown[i] + shown[i + 1] - parts()[i + 1].low];
  }

  function move(i, place, now = true) {
    const [low, high] = range(i);
    const before = shown.slice(0, i).reduce((a, b) => a + b, 0);
    const to = Math.round(Math.min(high, Math.max(low, place)));
    const both = shown[i] + shown[i + 1];
    if (to - before === shown[i]) return;
    shown = [...shown];
    shown[i] = to - before;
    shown[i + 1] = both - shown[i];
    place_all();
    clearTimeout(timer);
    timer = setTimeout(send, now ? 120 : 200);
  }

  function send() {
    model.set("minutes", [...shown]);
    model.save_changes();
  }

  function key(event, i) {
    const at = shown.slice(0, i + 1).reduce((a, b) => a + b, 0);
    const [low, high] = range(i);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, PageDown: at + 5, PageUp: at - 5, Home: low, End: high }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(i, to);
  }

  function drag(event, i) {
    const knob = sliders[i];
    knob.setPointerCapture(event.pointerId);
    knob.focus();
    event.preventDefault();
    const go = (e) => {
      const frame = bar.getBoundingClientRect();
      const share = upright ? (e.clientY - frame.top) / frame.height : (e.clientX - frame.left) / frame.width;
      move(i, share * total(), false);
    };
    const stop = () => {
      knob.removeEventListener("pointermove", go);
      knob.removeEventListener("pointerup", stop);
      knob.removeEventListener("pointercancel", stop);
    };
    knob.addEventListener("pointermove", go);
    knob.addEventListener("pointerup", stop);
    knob.addEventListener("pointercancel", stop);
  }

  function place_all() {
    const all = total() || 1;
    const place = (value) => `${(100 * value) / all}%`;
    let from = 0;
    parts().forEach((part, i) => {
      const block = bar.children[i];
      block.style.setProperty("--from", place(from));
      block.style.setProperty("--long", place(shown[i]));
      block.hidden = !shown[i];
      const long = ((upright ? bar.clientHeight : bar.clientWidth) * shown[i]) / all;
      const size = parseFloat(getComputedStyle(bar).fontSize) || 16;
      // What does not fit is left out; the number stays as long as it fits, and the fields say all.
      const [number_line, name, min] = block.children;
      const wide = upright ? bar.clientWidth : long;
      name.hidden = upright ? long < size * 1.2 : wide < text_width(part.label, size * 0.86) + size * 0.5;
      min.hidden = upright ? long < size * 1.2 : wide < size * 1.5;
      number_line.hidden = upright ? long < size * 1.2 : wide < size * 0.9;
      min.textContent = upright ? `${shown[i]} min` : name.hidden ? shown[i] : `${shown[i]} min`;
      from += shown[i];
    });
    let at = 0;
    sliders.forEach((knob, i) => {
      at += shown[i];
      const [low, high] = range(i);
      knob.style.setProperty("--at", place(at));
      knob.setAttribute("aria-valuemin", low);
      knob.setAttribute("aria-valuemax", high);
      knob.setAttribute("aria-valuenow", at);
      knob.setAttribute("aria-orientation", upright ? "vertical" : "horizontal");
      knob.setAttribute("aria-valuetext", `${parts()[i].label} ${shown[i]} minutes, ${parts()[i + 1].label} ${shown[i + 1]} minutes`);
    });
    scale.replaceChildren();
    for (let m = 0; m <= all; m += 15) {
      const tick = el("span", {}, String(m));
      tick.style.setProperty("--at", place(m));
      scale.append(tick);
    }
  }

  let pen_;
  function text_width(text, size) {
    pen_ ??= document.createElement("canvas").getContext("2d");
    pen_.font = `600 ${size}px system-ui, sans-serif`;
    return pen_.measureText(text).width;
  }

  function build() {
    note.textContent = model.get("hint");
    shown = [...model.get("minutes")];
    bar.replaceChildren(
      ...parts().map((part, i) =>
        el("div", { class: "ect-hour-part " + (part.core ? "ect-core" : "ect-around") }, el("b", {}, String(i + 1)), el("span", {}, part.label), el("span", { class: "ect-min" }, "")),
      ),
    );
    sliders = parts()
      .slice(0, -1)
      .map((part, i) => {
        const knob = el("div", { class: "ect-knob", role: "slider", tabindex: 0, "aria-label": `Boundary between ${part.label.toLowerCase()} and ${parts()[i + 1].label.toLowerCase()}`, onkeydown: (e) => key(e, i), onpointerdown: (e) => drag(e, i) });
        knob.style.setProperty("--lane", i % LANES);
        return knob;
      });
    knobs.replaceChildren(...sliders);
    layout();
  }

  function layout() {
    upright = box.clientWidth > 0 && box.clientWidth < 620;
    box.classList.toggle("ect-upright", upright);
    place_all();
  }

  model.on("change:parts change:hint", build);
  model.on("change:minutes", () => {
    shown = [...model.get("minutes")];
    place_all();
  });
  model.on("change:said", () => (said.textContent = model.get("said")));
  const watch = new ResizeObserver(() => requestAnimationFrame(layout));
  watch.observe(box);
  build();
  return () => watch.disconnect();
}

export default framed(render);
