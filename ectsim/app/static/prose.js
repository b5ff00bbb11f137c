// Headings, paragraphs and lists.

const TAGS = ["h1", "h2", "h3", "p", "ul", "ol", "pre"];
const STYLES = ["lead", "answer", "soft", "caution", "strong"];

function render({ model, el: root }) {
  root.classList.add("ect", "ect-prose");
  function draw() {
    const nodes = model.get("blocks").map((block) => {
      const tag = TAGS.includes(block.tag) ? block.tag : "p";
      const style = STYLES.includes(block.style) ? "ect-" + block.style : undefined;
      const metric = block.metric || {};
      const node = el(tag, {
        class: style,
        id: block.id,
        tabindex: block.id ? -1 : undefined,
        "data-metric": metric.name,
        "data-lo": metric.lo,
        "data-hi": metric.hi,
        "data-n": metric.n,
      });
      if (tag === "ul" || tag === "ol") node.append(...(block.items || []).map((item) => el("li", {}, item)));
      else node.textContent = block.text || "";
      return node;
    });
    root.replaceChildren(...nodes);
  }
  model.on("change:blocks", draw);
  draw();
}

export default framed(render);
