// Shows only the fields that belong to the chosen shape of labels. Without scripts all of them are there.

for (const form of document.querySelectorAll("form[data-mapping]")) {
  const show = () => {
    const chosen = form.querySelector('input[name="shape"]:checked')?.value;
    for (const part of form.querySelectorAll("[data-shape]")) {
      part.hidden = part.dataset.shape !== chosen;
    }
  };
  form.addEventListener("change", show);
  show();
}
