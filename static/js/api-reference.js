// Swagger UI over this installation's OpenAPI description. Requests carry the session and its CSRF token; a bearer token
// entered under "Authorize" takes its place.

const place = document.getElementById("api-reference");
const system = matchMedia("(prefers-color-scheme: dark)");

/** Swagger UI knows a dark theme by a class; which theme holds is for theme.js and the system to say. */
function followTheme() {
  const theme = document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");
  document.documentElement.classList.toggle("dark-mode", theme === "dark");
}

followTheme();
system.addEventListener("change", followTheme);
document.addEventListener("evenhand:theme", followTheme);

/** The page says itself what this is; a second main heading would stand in the way of a screen reader. */
const withoutTitle = () => ({ wrapComponents: { InfoContainer: () => () => null } });

window.SwaggerUIBundle({
  plugins: [withoutTitle],
  url: place.dataset.description,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  tagsSorter: "alpha",
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (!request.headers.Authorization) request.headers["X-CSRFToken"] = place.dataset.csrf;
    return request;
  },
  onComplete: () => {
    place.querySelector("main")?.setAttribute("role", "group"); // the page has its main landmark already
    place.removeAttribute("aria-busy");
  },
});
