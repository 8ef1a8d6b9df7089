import { useState } from "react";
import { name } from "./shared.js";

export default function Counter() {
  const [count, setCount] = useState(0);
  return (
    <button id="count" onClick={() => setCount(count + 1)}>
      {name} {count}
    </button>
  );
}
