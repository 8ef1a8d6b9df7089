export const metadata = { title: "About a Next.js export" };

export default function About() {
  return <h1>About</h1>;
}
