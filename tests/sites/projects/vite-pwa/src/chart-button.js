// The chart and its style sheet are loaded when somebody asks for them.
export function chartButton(page) {
  document.querySelector("#chart").onclick = async () => {
    const { draw } = await import("./chart.js");
    draw(document.querySelector("#late"), page);
  };
}
