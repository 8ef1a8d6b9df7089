import "./chart.css";
import { greet } from "./greet.js";

export function draw(target) {
  target.className = "chart";
  target.textContent = `${greet("chart")}: a chart`;
}
