import "./chart.css";
import { label } from "./label.js";

export default function Chart({ count }) {
  return <p className="chart">{label("chart", count)}</p>;
}
