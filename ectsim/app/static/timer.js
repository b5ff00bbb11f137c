// Minutes that are left in a step. It runs in the page alone, also when the session has ended.

function render({ model, el: root }) {
  root.classList.add("ect");
  const face = el("span", { role: "timer", "aria-label": "Time left in this step" });
  const say = el("span", { role: "status", class: "ect-soft" });
  const button = el("button", { type: "button", class: "ect-small", onclick: toggle });
  const box = el("div", { class: "ect-timer" }, face, button, say);
  let left = 0;
  let ends = 0; // 0 while it stands
  let clock;

  const now = () => (ends ? Math.round((ends - Date.now()) / 1000) : left);

  function draw() {
    const seconds = now();
    const late = seconds < 0;
    const shown = Math.abs(seconds);
    face.textContent = `${late ? "+" : ""}${Math.floor(shown / 60)}:${String(shown % 60).padStart(2, "0")}`;
    box.dataset.over = String(late);
    button.textContent = ends ? "Pause" : "Start the clock";
    const words = late ? "Time is up; counting on" : "";
    if (say.textContent !== words) say.textContent = words;
  }

  function toggle() {
    left = now();
    ends = ends ? 0 : Date.now() + left * 1000;
    clearInterval(clock);
    if (ends) clock = setInterval(draw, 250);
    draw();
  }

  function reset() {
    left = model.get("seconds");
    if (ends) ends = Date.now() + left * 1000;
    draw();
  }
  model.on("change:step", reset);
  reset();
  root.append(box);
  return () => clearInterval(clock);
}

export default framed(render);
