export function greet(hour) {
  return hour < 12 ? "Good morning." : "Good day.";
}
