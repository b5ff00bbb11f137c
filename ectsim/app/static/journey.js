// The steps of a page that is walked through in order, each with its state. On a phone one line that unfolds.

function render({ model, el: root }) {
  root.classList.add("ect");
  const id = uid();
  const list = el("ol", { id, class: "ect-steps" });
  const toggle = el("button", { type: "button", class: "ect-small ect-steps-toggle", "aria-controls": id, "aria-expanded": "false", onclick: () => open(toggle.getAttribute("aria-expanded") !== "true") });
  const nav = el("nav", { class: "ect-journey", "aria-label": model.get("label") }, toggle, list);

  function open(is) {
    toggle.setAttribute("aria-expanded", String(is));
    nav.classList.toggle("ect-unfolded", is);
  }

  function draw() {
    const steps = model.get("steps");
    const current = model.get("current");
    const kept = list.contains(document.activeElement) ? document.activeElement.dataset.step : "";
    list.replaceChildren(
      ...steps.map((step, i) => {
        const here = step.name === current;
        const mark = step.state === "done" ? "✓ done" : step.state === "changed" ? "↻ look again" : "";
        const button = el("button", { type: "button", "data-step": step.name, "aria-current": here ? "step" : undefined, class: step.state ? "ect-step-" + step.state : undefined, onclick: () => go(step.name) },
          el("span", { class: "ect-step-number", "aria-hidden": true }, i + 1),
          el("span", { class: "ect-step-label" }, el("span", { class: "ect-hidden" }, `Step ${i + 1}: `), step.label),
          el("span", { class: "ect-step-state" }, mark ? el("span", { class: "ect-hidden" }, ", ") : null, mark));
        return el("li", {}, button);
      }),
    );
    const at = steps.findIndex((step) => step.name === current);
    toggle.textContent = at < 0 ? "" : `Step ${at + 1} of ${steps.length}: ${steps[at].label} ▾`;
    if (kept) list.querySelector(`[data-step="${CSS.escape(kept)}"]`)?.focus({ preventScroll: true });
  }

  function go(name) {
    open(false);
    model.send({ event: "go", step: name });
  }

  // The heading of what was asked for takes the focus once it is there.
  model.on("msg:custom", (message) => {
    if (!message.focus) return;
    const end = Date.now() + 2000;
    const seek = () => {
      const target = document.getElementById(message.focus);
      if (target && target.offsetParent !== null) {
        target.focus({ preventScroll: true });
        const top = target.getBoundingClientRect().top;
        if (top < 90 || top > window.innerHeight * 0.6) target.scrollIntoView({ block: "start" });
      } else if (Date.now() < end) setTimeout(seek, 40);
    };
    setTimeout(seek, 40);
  });
  model.on("change:steps change:current", draw);
  draw();
  root.append(nav);
}

export default framed(render);
