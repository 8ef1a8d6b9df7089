export async function render() {
  const greeting = await (await fetch("/api/greeting")).text();
  return `<h1>Home</h1><p>${greeting}</p>`;
}
