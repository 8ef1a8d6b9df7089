import "@fontsource/inter/latin-400.css";
import Link from "next/link";
import "./globals.css";

export const metadata = { title: "A Next.js export", description: "Three routes" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <Link href="/">Home</Link> <Link href="/about">About</Link> <Link href="/posts/biscuits">Biscuits</Link>
        </nav>
        {children}
      </body>
    </html>
  );
}
