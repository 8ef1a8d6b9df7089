// Says when the page was opened.
import { greet } from "./greet.js";

const clock = document.querySelector("#clock");
clock.textContent = greet(new Date().getHours());
