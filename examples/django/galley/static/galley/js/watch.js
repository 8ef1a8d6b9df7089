// Shows the time that the server sends, and the bells that a ship strikes at it.
import { bells } from "./bells.js";

const time = document.querySelector("time");
new EventSource(time.dataset.events).onmessage = ({ data }) => {
  time.textContent = data;
  document.querySelector("#bells").textContent = bells(data);
};
