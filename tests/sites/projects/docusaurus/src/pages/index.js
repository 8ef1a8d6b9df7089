import Layout from "@theme/Layout";
import Link from "@docusaurus/Link";
import { useState } from "react";

export default function Home() {
  const [count, setCount] = useState(0);
  return (
    <Layout title="Home">
      <h1>Home</h1>
      <Link to="/docs/intro">Introduction</Link>
      <button id="count" onClick={() => setCount(count + 1)}>
        {count}
      </button>
    </Layout>
  );
}
