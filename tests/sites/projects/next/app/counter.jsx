"use client";
import dynamic from "next/dynamic";
import { useState } from "react";

const Chart = dynamic(() => import("./chart"));

export default function Counter() {
  const [count, setCount] = useState(0);
  return (
    <p>
      <button id="count" onClick={() => setCount(count + 1)}>
        {count}
      </button>
      {count > 0 && <Chart count={count} />}
    </p>
  );
}
