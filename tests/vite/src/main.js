import "./style.css";
import biscuit from "./biscuit.svg";
import { greet } from "./greet.js";

greet("static");
document.querySelector("img").dataset.imported = biscuit;

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => (document.querySelector("#sum").textContent = data);
worker.postMessage([1, 2, 3]);

import("./late.js").then(({ late }) => late());
