document.querySelector("#greeting").textContent = `Greetings from ${document.title}`;
if ("serviceWorker" in navigator) {
  addEventListener("load", () => navigator.serviceWorker.register("/sw.js"));
}
