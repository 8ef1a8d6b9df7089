export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  css: ["@fontsource/inter/latin-400.css", "~/assets/main.css"],
  app: { head: { htmlAttrs: { lang: "en" }, link: [{ rel: "icon", href: "/icon.svg" }] } },
});
