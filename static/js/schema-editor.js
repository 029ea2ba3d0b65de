// Rows of labels and attributes, added, moved and removed in the page. Without this script the same buttons do it by a
// round trip: each is a submit button named "do".

/** Numbers the fields of every row anew, so that the order sent is the order seen. */
function renumber(rows) {
  const prefix = rows.dataset.rows;
  const all = [...rows.querySelectorAll("[data-rows-list] > [data-row]")];
  all.forEach((row, number) => {
    for (const field of row.querySelectorAll("input, select, textarea, label, button")) {
      for (const name of ["name", "id", "htmlFor"]) {
        if (field[name]) field[name] = field[name].replace(new RegExp(`${prefix}-(\\d+|__prefix__)-`), `${prefix}-${number}-`);
      }
      if (field.name === "do") field.value = field.value.replace(/(\d+|__prefix__)$/, number);
      if (field.name === "favourable") field.value = number;
    }
  });
  rows.querySelector(`[name="${prefix}-TOTAL_FORMS"]`).value = all.length;
  rows.querySelector('[value$="-add"]').disabled = all.length >= Number(rows.dataset.max);
}

function say(rows, what) {
  const status = rows.querySelector("[data-rows-status]");
  status.textContent = "";
  requestAnimationFrame(() => {
    status.textContent = status.dataset[what];
  });
}

function add(rows) {
  const list = rows.querySelector("[data-rows-list]");
  list.append(rows.querySelector("[data-row-template]").content.cloneNode(true));
  renumber(rows);
  list.lastElementChild.querySelector("input").focus();
  say(rows, "added");
}

function remove(rows, row) {
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  if (row.querySelector('[name="favourable"]:checked')) rows.querySelector('[name="favourable"][value=""]').checked = true;
  row.remove();
  renumber(rows);
  (neighbour?.querySelector("input") ?? rows.querySelector('[value$="-add"]')).focus();
  say(rows, "removed");
}

function move(rows, row, up, button) {
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  other[up ? "before" : "after"](row);
  renumber(rows);
  button.focus();
  say(rows, "moved");
}

function act(event) {
  const button = event.target.closest('button[name="do"]');
  const rows = button?.closest("[data-rows]");
  if (!rows) return;
  event.preventDefault();
  const row = button.closest("[data-row]");
  const action = button.value.replace(`${rows.dataset.rows}-`, "").split("-")[0];
  if (action === "add") add(rows);
  else if (action === "remove") remove(rows, row);
  else move(rows, row, action === "up", button);
}

/** Settings that only one task type has are shown with that type. */
function showForTask(form) {
  const chosen = form.querySelector('[name="task_type"]:checked')?.value;
  for (const part of form.querySelectorAll("[data-for-task]")) part.hidden = part.dataset.forTask !== chosen;
}

for (const form of document.querySelectorAll("[data-schema-editor]")) {
  form.addEventListener("click", act);
  form.addEventListener("change", () => showForTask(form));
  showForTask(form);
}
