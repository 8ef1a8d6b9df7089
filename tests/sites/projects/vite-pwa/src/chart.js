import "./chart.css";
import { greet } from "./greet.js";

export function draw(target, page) {
  target.className = "chart";
  target.textContent = `${greet(page)}: a chart`;
}
