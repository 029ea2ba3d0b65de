// Native <dialog>s: opened by [data-dialog="id"], closed by [data-close] or a click on the backdrop; and one shared question,
// #confirm-dialog in base.html, for <form data-confirm="…"> and hx-confirm="…".

function ask(text, source) {
  const dialog = document.getElementById("confirm-dialog");
  if (!dialog) return Promise.resolve(false);
  const yes = dialog.querySelector("[data-yes]");
  dialog.querySelector("[data-question]").textContent = text;
  yes.textContent = source?.dataset?.confirmLabel || yes.dataset.label;
  yes.classList.toggle("btn-danger", source?.dataset?.confirmTone === "danger");
  yes.classList.toggle("btn-primary", source?.dataset?.confirmTone !== "danger");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

async function confirmForm(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  const source = event.submitter?.dataset.confirm ? event.submitter : form;
  if (!source.dataset.confirm || form.dataset.confirmed) {
    delete form.dataset.confirmed;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const { submitter } = event;
  if (await ask(source.dataset.confirm, source)) {
    form.dataset.confirmed = "true";
    form.requestSubmit(submitter);
  }
}

async function confirmRequest(event) {
  const { ctx, issueRequest, dropRequest } = event.detail;
  event.preventDefault();
  const yes = await ask(ctx.confirm, ctx.sourceElement);
  (yes ? issueRequest : dropRequest)();
}

function closeByBackdrop(event) {
  const { target } = event;
  if (!(target instanceof HTMLDialogElement) || !target.open) return;
  const box = target.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top
    && event.clientY <= box.bottom;
  if (!inside) target.close();
}

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    event.target.closest("[data-close]")?.closest("dialog")?.close();
    closeByBackdrop(event);
  });
  document.addEventListener("submit", confirmForm, true);
  document.addEventListener("htmx:confirm", confirmRequest);
}
