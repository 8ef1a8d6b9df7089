// Says what an order comes to, while the form is filled in.
import { money } from "./money.js";
import { total } from "./price.js";

const form = document.querySelector("form");
const sum = document.querySelector("#sum");

function show() {
  const { price } = form.biscuit.selectedOptions[0].dataset;
  sum.textContent = money(total(Number(price), Number(form.count.value)));
}

form.addEventListener("input", show);
show();
