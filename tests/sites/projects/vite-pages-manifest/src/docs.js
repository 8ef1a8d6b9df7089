import "./base.css";
import { greet } from "./greet.js";

const worker = new Worker(new URL("./sum.worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => (document.querySelector("#sum").textContent = `${greet("docs")} ${data}`);
worker.postMessage([1, 2, 3]);
