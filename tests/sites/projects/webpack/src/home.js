import "./base.css";
import picture from "./picture.png";
import { greet } from "./greet.js";

const image = new Image();
image.src = picture;
document.querySelector("#picture").append(image, greet("home"));

document.querySelector("#chart").onclick = async () => {
  const { draw } = await import(/* webpackChunkName: "chart", webpackPrefetch: true */ "./chart.js");
  draw(document.querySelector("#late"));
};

const worker = new Worker(new URL("./sum.worker.js", import.meta.url));
worker.onmessage = ({ data }) => (document.querySelector("#sum").textContent = data);
worker.postMessage([1, 2, 3]);
