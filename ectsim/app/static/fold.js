// Opens and closes the box that follows it. It works in the page alone, also when the session ended.

function render({ model, el: root }) {
  root.classList.add("ect");
  const button = el("button", { type: "button", class: "ect-small ect-fold-button", "aria-expanded": "false" });
  function box() {
    let node = root;
    while (node && !node.nextElementSibling) node = node.parentElement;
    const next = node && node.nextElementSibling;
    return next && next.classList.contains("ect-folded") ? next : null;
  }
  function show(open) {
    button.setAttribute("aria-expanded", String(open));
    button.textContent = (open ? "▾ " : "▸ ") + model.get("text");
    box()?.classList.toggle("ect-open", open);
  }
  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  model.on("change:text", () => show(button.getAttribute("aria-expanded") === "true"));
  model.on("msg:custom", (message) => show(Boolean(message.open)));
  show(false);
  root.append(button);
}

export default framed(render);
