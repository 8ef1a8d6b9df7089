import "./late.css";
import { greet } from "./greet.js";

export const late = () => {
  greet("late");
  document.querySelector("#late").textContent = "late";
};
