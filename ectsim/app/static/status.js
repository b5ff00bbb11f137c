// How far a calculation is: said aloud, shown as a bar, with a button that stops it. And a line that
// says whether anybody is there to calculate, in place of a silent end.

const BEAT = 5000; // milliseconds between two signs of life
const PATIENCE = 9000; // silence after which the line says so
const IDLE = 600000; // a page that nobody touches asks no longer, so that its session can end

function render({ model, el: root }) {
  root.classList.add("ect");
  const text = el("p", { role: "status", "aria-live": "polite" });
  const bar = el("progress", { "aria-label": "Progress", max: 1, value: 0, hidden: true });
  const stop = el("button", { type: "button", class: "ect-small", hidden: true, onclick: () => model.send({ event: "stop" }) }, "Stop");
  const pulse = el("span", { class: "ect-pulse", role: "status" });
  const box = el("div", { class: "ect-status" }, text, bar, stop, pulse);
  let spoken = 0;
  let later;
  let asked = 0; // when the oldest question without an answer was put
  let used = Date.now();

  function speak() {
    // A screen reader that is told something new four times a second says nothing at all.
    clearTimeout(later);
    const wait = model.get("total") > model.get("done") ? Math.max(0, spoken + 1500 - Date.now()) : 0;
    later = setTimeout(() => {
      spoken = Date.now();
      if (text.textContent !== model.get("text")) text.textContent = model.get("text");
    }, wait);
  }

  function draw() {
    const [done, total] = [model.get("done"), model.get("total")];
    box.dataset.tone = model.get("tone");
    bar.hidden = !(total > 0 && done < total);
    bar.max = total || 1;
    bar.value = done;
    stop.hidden = !model.get("stoppable");
    speak();
  }

  function say(words, wrong) {
    if (pulse.textContent !== words) pulse.textContent = words;
    pulse.classList.toggle("ect-warned", wrong);
  }

  function beat() {
    if (document.body.classList.contains("ect-over")) return say("Not connected: the session has ended.", true);
    if (asked && Date.now() - asked > PATIENCE)
      say("No answer for a while. What you see is the last result; this line says when it goes on.", true);
    if (document.hidden || Date.now() - used > IDLE) {
      asked = 0;
      return;
    }
    if (!asked) asked = Date.now();
    try {
      model.send({ event: "pulse" });
    } catch {
      say("Not connected.", true);
    }
  }

  function alive() {
    asked = 0;
    say("Connected", false);
  }

  model.on("msg:custom", (message) => message.pulse && alive());
  model.on("change", () => {
    alive();
    draw();
  });
  const touched = () => (used = Date.now());
  document.addEventListener("pointerdown", touched);
  document.addEventListener("keydown", touched);
  const timer = setInterval(beat, BEAT);
  setTimeout(beat, 500);
  draw();
  root.append(box);
  return () => {
    clearInterval(timer);
    document.removeEventListener("pointerdown", touched);
    document.removeEventListener("keydown", touched);
  };
}

export default framed(render);
