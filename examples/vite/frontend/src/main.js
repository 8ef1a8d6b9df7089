import "./style.css";

const pages = {
  "/": () => import("./home.js"),
  "/about": () => import("./about.js"),
};

async function show() {
  const page = pages[location.pathname] ?? (() => import("./missing.js"));
  document.querySelector("main").innerHTML = await (await page()).render();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("nav a");
  if (!link) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  show();
});
addEventListener("popstate", show);
show();
