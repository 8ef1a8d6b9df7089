// One bell for each half hour of a watch, which has four hours.
export function bells(time) {
  const [hours, minutes] = time.split(":").map(Number);
  const struck = (hours * 2 + Math.floor(minutes / 30)) % 8 || 8;
  return struck === 1 ? "one bell" : `${struck} bells`;
}
