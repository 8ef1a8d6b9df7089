import { greet } from "./greet.js";

document.querySelector("#late").textContent = greet("home");
document.querySelector("#chart").onclick = async () => {
  const { draw } = await import("./chart.js");
  draw(document.querySelector("#late"));
};

const worker = new Worker(new URL("./sum.worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => (document.querySelector("#sum").textContent = data);
worker.postMessage([1, 2, 3]);
