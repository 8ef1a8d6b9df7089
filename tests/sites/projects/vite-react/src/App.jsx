import { lazy, Suspense, useState } from "react";
import picture from "./picture.png";

const views = {
  Chart: lazy(() => import("./Chart.jsx")),
  Table: lazy(() => import("./Table.jsx")),
};

export default function App() {
  const [count, setCount] = useState(0);
  const [view, setView] = useState();
  const View = views[view];
  return (
    <>
      <h1>Vite and React</h1>
      <img src={picture} alt="Rings" /> <img src="/icon.svg" alt="A cross" width="32" />
      <button id="count" onClick={() => setCount(count + 1)}>
        {count}
      </button>
      {Object.keys(views).map((name) => (
        <button key={name} onClick={() => setView(name)}>
          {name}
        </button>
      ))}
      <Suspense fallback="…">{View && <View count={count} />}</Suspense>
    </>
  );
}
