import "./base.css";
import "./home.css";
import { chartButton } from "./chart-button.js";

const count = document.querySelector("#count");
count.onclick = () => (count.textContent = Number(count.textContent) + 1);
chartButton("home");
