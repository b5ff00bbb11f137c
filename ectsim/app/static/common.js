// What every module here begins with. Text enters the page as text, never as markup.

function el(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "circle", "line", "path", "text", "tspan", "title", "desc"];
  const node =
    svg.includes(tag) && attributes.svg !== false
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "svg" || value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((c) => c !== null && c !== undefined).map((c) => (c instanceof Node ? c : String(c))));
  return node;
}

function uid() {
  return "ect-" + Math.random().toString(36).slice(2, 9);
}

function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = el("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// What every module exports: its drawing, and a way off the page and back.
function framed(render) {
  return {
    render(context) {
      const { model, el: root } = context;
      const show = () => root.classList.toggle("ect-gone", Boolean(model.get("gone")));
      model.on("change:gone", show);
      show();
      return render(context);
    },
  };
}
