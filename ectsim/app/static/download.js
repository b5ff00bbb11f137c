// Asks the kernel for a file when the button is pressed, and saves it.

function render({ model, el: root }) {
  root.classList.add("ect");
  const button = el("button", { type: "button", onclick: ask });
  const note = el("span", { role: "status", class: "ect-soft" });
  let waiting = false;

  function ask() {
    if (waiting) return;
    waiting = true;
    note.textContent = "Making the file…";
    model.send({ event: "ask" });
  }

  model.on("msg:custom", (message, buffers) => {
    waiting = false;
    if (message.problem) {
      note.textContent = message.problem;
      return;
    }
    const content = buffers[0];
    save(message.name, message.type, content);
    note.textContent = "Saved as " + message.name;
  });

  function draw() {
    button.textContent = model.get("text");
    button.className = model.get("style_name") === "first" ? "ect-first" : "";
    button.disabled = model.get("disabled");
  }
  model.on("change", draw);
  draw();
  root.append(el("div", { class: "ect-answerline" }, button, " ", note));
}

export default framed(render);
