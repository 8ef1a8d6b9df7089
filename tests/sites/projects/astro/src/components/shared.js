export const name = "island";
