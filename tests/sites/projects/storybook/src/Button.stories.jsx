import { Button } from "./Button.jsx";

export default { title: "Button", component: Button };

export const Hard = { args: { label: "Hard" } };
export const Soft = { args: { label: "Soft" } };
