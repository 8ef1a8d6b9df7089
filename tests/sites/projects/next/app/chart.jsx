"use client";
import styles from "./chart.module.css";

export default function Chart({ count }) {
  return <span className={styles.chart}>A chart of {count}</span>;
}
