import "./base.css";
import { chartButton } from "./chart-button.js";
import { greet } from "./greet.js";

document.querySelector("#greeting").textContent = greet("about");
chartButton("about");
