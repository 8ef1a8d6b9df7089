import Image from "next/image";
import Counter from "./counter";
import styles from "./page.module.css";
import picture from "./picture.png";

export default function Home() {
  return (
    <main>
      <h1 className={styles.title}>Home</h1>
      <Image src={picture} alt="Rings" />
      <Counter />
    </main>
  );
}
