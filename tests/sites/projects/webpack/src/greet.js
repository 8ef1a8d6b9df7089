export const greet = (name) => `Greetings from ${name}`;
