// Shows only the fields that belong to what was chosen: the shape of labels, and what becomes of items that are there.
// Without scripts all of them are there.

for (const form of document.querySelectorAll("form[data-mapping]")) {
  const follow = (choice, parts) => {
    const chosen = form.querySelector(`input[name="${choice}"]:checked`)?.value;
    for (const part of form.querySelectorAll(`[data-${parts}]`)) {
      part.hidden = part.dataset[parts] !== chosen;
    }
  };
  const show = () => {
    follow("shape", "shape");
    follow("on_existing", "existing");
  };
  form.addEventListener("change", show);
  show();
}
