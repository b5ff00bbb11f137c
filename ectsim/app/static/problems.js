// The error summary at the top of a page: it takes the focus, each line leads to its question.

function render({ model, el: root }) {
  root.classList.add("ect");
  function draw() {
    const items = model.get("items");
    if (!items.length) return root.replaceChildren();
    const lines = items.map((item) => {
      if (!item.target) return el("li", {}, item.text);
      const link = el("a", { href: "#ect-" + item.target }, item.text);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        const field = document.getElementById("ect-" + item.target);
        if (field) {
          field.scrollIntoView({ block: "center" });
          field.focus({ preventScroll: true });
        }
      });
      return el("li", {}, link);
    });
    const box = el("div", { class: "ect-problems", role: "alert", tabindex: -1 }, el("h2", {}, "There is a problem"), el("ul", {}, ...lines));
    root.replaceChildren(box);
    box.focus();
  }
  model.on("change:items", draw);
  draw();
}

export default framed(render);
