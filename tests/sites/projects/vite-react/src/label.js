export const label = (name, count) => `A ${name} of ${count}`;
