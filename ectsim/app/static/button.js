// A button; the kernel is told of a click once.

function render({ model, el: root }) {
  root.classList.add("ect");
  const button = el("button", { type: "button", onclick: () => model.send({ event: "click" }) });
  function draw() {
    button.textContent = model.get("text");
    button.className = { first: "ect-first", small: "ect-small" }[model.get("style_name")] || "";
    // A disabled button keeps its place in the order of the keyboard and says that it is off.
    button.toggleAttribute("disabled", model.get("disabled"));
  }
  model.on("change", draw);
  draw();
  root.append(button);
}

export default framed(render);
