// Takes a file, says what is too large before anything is sent, and sends it in pieces.

const PIECE = 500000;

function size(bytes) {
  return bytes < 1e6 ? Math.max(1, Math.round(bytes / 1e3)) + " kB" : (bytes / 1e6).toFixed(1).replace(".0", "") + " MB";
}

function render({ model, el: root }) {
  root.classList.add("ect");
  const id = "ect-" + model.get("name");
  const endings = model.get("endings");
  const limit = model.get("limit");
  const input = el("input", { type: "file", id, accept: endings.join(",") || undefined, "aria-describedby": id + "-hint " + id + "-error " + id + "-note" });
  const error = el("span", { class: "ect-error", id: id + "-error", role: "alert" });
  const note = el("span", { role: "status", id: id + "-note", class: "ect-soft" });
  const kinds = endings.length ? " (" + endings.join(", ") + ")" : "";
  const hint = el("span", { class: "ect-hint", id: id + "-hint" }, "At most " + size(limit) + kinds + ". The file stays on this computer.");
  const box = el("div", { class: "ect-question" }, el("label", { class: "ect-ask", for: id }, model.get("ask")), hint);
  if (model.get("why")) box.append(el("details", { class: "ect-why" }, el("summary", {}, "Why we ask"), el("p", {}, model.get("why"))));
  box.append(error, el("div", { class: "ect-answerline" }, input, note));
  let number = 0;

  function wrong(text) {
    error.textContent = text;
    box.classList.toggle("ect-wrong", Boolean(text));
    input.setAttribute("aria-invalid", text ? "true" : "false");
  }

  input.addEventListener("change", async () => {
    const file = input.files[0];
    wrong("");
    note.textContent = "";
    if (!file) return;
    if (file.size > limit)
      return wrong(`${file.name} has ${size(file.size)}; the limit is ${size(limit)}. Choose a smaller file.`);
    if (!file.size) return wrong(`${file.name} is empty. Choose another file.`);
    const ending = file.name.slice(file.name.lastIndexOf(".")).toLowerCase();
    if (endings.length && !endings.includes(ending))
      return wrong(`${file.name} is not one of ${endings.join(", ")}. Choose another file.`);
    const mine = ++number;
    model.send({ event: "begin", number: mine, name: file.name, size: file.size });
    for (let start = 0; start < file.size; start += PIECE) {
      const piece = await file.slice(start, start + PIECE).arrayBuffer();
      if (mine !== number) return;
      model.send({ event: "piece", number: mine }, undefined, [piece]);
      note.textContent = `Reading ${file.name}: ${Math.min(100, Math.round((100 * (start + PIECE)) / file.size))} %`;
    }
    model.send({ event: "end", number: mine });
    note.textContent = `${file.name}, ${size(file.size)}`;
  });
  model.on("change:error", () => wrong(model.get("error")));
  model.on("change:note", () => (note.textContent = model.get("note")));
  wrong(model.get("error"));
  root.append(box);
}

export default framed(render);
