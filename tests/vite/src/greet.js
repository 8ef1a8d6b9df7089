export const greet = (who) => document.body.classList.add(`greeted-${who}`);
