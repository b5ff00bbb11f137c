// One question: a native field with its name, hint, error and the reason why it is asked.

function render({ model, el: root }) {
  root.classList.add("ect");
  const kind = model.get("kind");
  const id = "ect-" + model.get("name");
  const [low, high, unit] = [model.get("low"), model.get("high"), model.get("unit")];
  const hint = el("span", { class: "ect-hint", id: id + "-hint" }, model.get("hint"));
  const error = el("span", { class: "ect-error", id: id + "-error" });
  const described = (model.get("hint") ? id + "-hint " : "") + id + "-error";
  const group = kind === "choice" || kind === "choices";
  const box = el(group ? "fieldset" : "div", { class: "ect-question", "aria-describedby": group ? described : undefined });
  let timer;

  function send(value) {
    wrong("");
    model.set("value", value);
    model.save_changes();
  }

  function wrong(text) {
    error.textContent = text;
    box.classList.toggle("ect-wrong", Boolean(text));
    for (const field of box.querySelectorAll("input, select"))
      if (text) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
  }

  function shown(value) {
    return unit ? `${value} ${unit}` : String(value);
  }

  let refresh; // puts the model's value into the field
  let field; // what takes the focus
  const line = el("div", { class: "ect-answerline" });

  if (kind === "number") {
    field = el("input", { type: "text", inputmode: "decimal", class: "ect-number", id, autocomplete: "off", "aria-describedby": described });
    field.addEventListener("change", () => {
      const text = field.value.trim().replace(",", ".");
      const value = Number(text);
      const name = model.get("short");
      const whole = model.get("step") && Number.isInteger(model.get("step"));
      if (text === "" || !Number.isFinite(value)) wrong(`${name}: enter a number`);
      else if (whole && !Number.isInteger(value)) wrong(`${name}: enter a whole number`);
      else if ((low !== null && value < low) || (high !== null && value > high)) {
        const bounds = low !== null && high !== null ? `from ${low} to ${high}` : low !== null ? `of ${low} or more` : `of ${high} or less`;
        wrong(`${name}: enter a number ${bounds}`);
      } else return send(value);
      model.send({ event: "refused", text: error.textContent });
    });
    refresh = () => (field.value = model.get("value"));
    line.append(field, unit ? el("span", { "aria-hidden": true }, unit) : "");
  } else if (kind === "slider") {
    field = el("input", { type: "range", id, min: low, max: high, step: model.get("step") || "any", "aria-describedby": described });
    const output = el("output", { for: id });
    const tell = () => {
      output.textContent = shown(field.value);
      field.setAttribute("aria-valuetext", shown(field.value));
    };
    field.addEventListener("input", () => {
      tell();
      clearTimeout(timer);
      timer = setTimeout(() => send(Number(field.value)), 60);
    });
    refresh = () => {
      field.value = model.get("value");
      tell();
    };
    line.append(field, output);
  } else if (kind === "switch") {
    field = el("input", { type: "checkbox", id, "aria-describedby": described });
    field.addEventListener("change", () => send(field.checked));
    refresh = () => (field.checked = Boolean(model.get("value")));
  } else if (kind === "select") {
    field = el("select", { id, "aria-describedby": described });
    field.addEventListener("change", () => send(model.get("options")[field.selectedIndex][0]));
    refresh = () => {
      const options = model.get("options");
      field.replaceChildren(...options.map(([, label]) => el("option", {}, label)));
      field.selectedIndex = options.findIndex(([value]) => value === model.get("value"));
    };
    line.append(field);
  } else if (kind === "text") {
    field = el("input", { type: "text", id, autocomplete: "off", spellcheck: "false", "aria-describedby": described });
    field.addEventListener("change", () => send(field.value));
    refresh = () => (field.value = model.get("value"));
    line.append(field);
  } else {
    const options = el("div", { class: "ect-options" });
    const many = kind === "choices";
    refresh = () => {
      const value = model.get("value");
      const kept = document.activeElement && options.contains(document.activeElement) ? document.activeElement.id : "";
      options.replaceChildren(
        ...model.get("options").map(([option, label, more], index) => {
          const own = index ? `${id}-${index}` : id; // the error summary leads to the first
          const input = el("input", { type: many ? "checkbox" : "radio", name: id, id: own, "aria-describedby": more ? own + "-more" : undefined });
          input.checked = many ? (value || []).includes(option) : value === option;
          input.disabled = model.get("disabled");
          input.addEventListener("change", () => {
            if (!many) return send(option);
            const rest = (model.get("value") || []).filter((x) => x !== option);
            send(input.checked ? [...rest, option] : rest);
          });
          return el("label", { class: "ect-option", for: own }, input, el("span", {}, label, more ? el("span", { class: "ect-hint", id: own + "-more" }, more) : null));
        }),
      );
      if (kept) options.querySelector("#" + CSS.escape(kept))?.focus();
    };
    line.remove();
    box.append(el("legend", { class: "ect-ask" }, model.get("ask")), hint);
    why();
    box.append(error, options);
  }

  function why() {
    if (!model.get("why")) return;
    const origin = el("p", {}, model.get("origin"));
    const tell = () => {
      origin.textContent = model.get("origin");
      origin.hidden = !model.get("origin");
    };
    model.on("change:origin", tell);
    tell();
    box.append(el("details", { class: "ect-why" }, el("summary", {}, "Why we ask"), el("p", {}, model.get("why")), origin));
  }

  if (kind === "switch") {
    box.append(el("label", { class: "ect-option", for: id }, field, el("span", { class: "ect-ask" }, model.get("ask"))), hint);
    why();
    box.append(error);
  } else if (!group) {
    const ask = el("label", { class: "ect-ask", for: id }, model.get("ask"));
    if (unit && kind === "number") ask.append(el("span", { class: "ect-soft" }, ` (${unit})`));
    box.append(ask, hint);
    why();
    box.append(error, line);
  }

  function draw() {
    refresh();
    if (field) field.disabled = model.get("disabled");
    wrong(model.get("error"));
  }
  if (!model.get("hint")) hint.remove();
  model.on("change:value change:options change:disabled", () => {
    const sent = document.activeElement === field && kind === "slider";
    if (!sent) refresh();
    if (field) field.disabled = model.get("disabled");
  });
  model.on("change:error", () => wrong(model.get("error")));
  draw();
  root.append(box);
}

export default framed(render);
