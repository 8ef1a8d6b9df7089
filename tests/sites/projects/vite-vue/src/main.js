import "@fontsource/inter/latin-400.css";
import { createApp } from "vue";
import { createRouter, createWebHashHistory } from "vue-router";
import App from "./App.vue";
import Home from "./Home.vue";

const routes = [
  { path: "/", component: Home },
  { path: "/about", component: () => import("./About.vue") },
];
const router = createRouter({ history: createWebHashHistory(), routes });
createApp(App).use(router).mount("#app");
