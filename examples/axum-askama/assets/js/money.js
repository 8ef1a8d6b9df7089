// Pence, as pounds.
export function money(pence) {
  return `£${(pence / 100).toFixed(2)}`;
}
