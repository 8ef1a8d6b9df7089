export const late = (name) => `late ${name}`;
