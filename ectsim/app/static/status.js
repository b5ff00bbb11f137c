// How far a calculation is: said aloud, shown as a bar, with a button that stops it.

function render({ model, el: root }) {
  root.classList.add("ect");
  const text = el("p", { role: "status", "aria-live": "polite" });
  const bar = el("progress", { "aria-label": "Progress", max: 1, value: 0, hidden: true });
  const stop = el("button", { type: "button", class: "ect-small", hidden: true, onclick: () => model.send({ event: "stop" }) }, "Stop");
  const box = el("div", { class: "ect-status" }, text, bar, stop);
  let spoken = 0;
  let later;

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
  model.on("change", draw);
  draw();
  root.append(box);
}

export default framed(render);
